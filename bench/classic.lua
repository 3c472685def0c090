-- wrk script: purchases of 500 users by the classic route, made beforehand, so that the load costs little.
local users, purchases, n = 500, {}, 0
function init()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for i = 1, users do
    purchases[i] = wrk.format(nil, "/api/buy", nil,
      string.format('{"username":"Ada","userId":"user-%d","price":%d.%02d}', i, i % 90 + 1, i % 100))
  end
end
function request()
  n = n % users + 1
  return purchases[n]
end
