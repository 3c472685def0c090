-- wrk script: a page of the history of one user after another, spread over all users.
local users, n = tonumber(os.getenv("USERS")), 0
function request()
  n = (n + 7919) % users
  return wrk.format("GET", "/api/v1/purchases/user-" .. n .. "?limit=100")
end
