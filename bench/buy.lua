-- wrk script: purchases of 500 users.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local n = 0
function request()
  n = n + 1
  return wrk.format(nil, "/api/v1/buy", nil,
    string.format('{"username":"Ada","userid":"user-%d","price":%d.%02d,"item":"tea"}', n % 500, n % 90 + 1, n % 100))
end
