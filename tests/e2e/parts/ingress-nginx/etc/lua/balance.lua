--- Which endpoint answers: one of the Service that the location names, or of its canary.

local balancer = require("ngx.balancer")
local posted = require("posted")

--- The backend of that name, if it has endpoints.
local function find(backends, name)
  for _, backend in ipairs(backends) do
    local endpoints = backend.endpoints
    if backend.name == name and type(endpoints) == "table" and endpoints[1] then
      return backend
    end
  end
end

local function given(text)
  return type(text) == "string" and text ~= ""
end

--- What the client's header or cookie says: true, false, or nothing.
local function wish(policy)
  local header = given(policy.header) and ngx.var["http_" .. policy.header:gsub("-", "_")]
  if header then
    if given(policy.headerValue) then
      if policy.headerValue == header then
        return true
      end
    elseif given(policy.headerPattern) then
      return ngx.re.match(header, policy.headerPattern) and true or nil
    elseif header == "always" or header == "never" then
      return header == "always"
    end
  end
  local cookie = given(policy.cookie) and ngx.var["cookie_" .. policy.cookie]
  if cookie == "always" or cookie == "never" then
    return cookie == "always"
  end
end

local function goes_to_canary(policy)
  local wished = wish(policy)
  if wished ~= nil then
    return wished
  end
  local total = type(policy.weightTotal) == "number" and policy.weightTotal > 100 and policy.weightTotal or 100
  return math.random(total) <= policy.weight
end

local function choose()
  local backends = posted.read("backends")
  local backend = find(backends, ngx.var.proxy_upstream_name)
  local names = backend and backend.alternativeBackends
  local canary = type(names) == "table" and find(backends, names[1])
  local policy = canary and canary.trafficShapingPolicy
  if type(policy) == "table" and goes_to_canary(policy) then
    ngx.var.proxy_alternative_upstream_name = canary.name
    return canary
  end
  return backend
end

local M = {}

--- The backend of this request: chosen once.
function M.backend()
  ngx.ctx.backend = ngx.ctx.backend or choose()
  return ngx.ctx.backend
end

--- Picks one of its endpoints.
function M.balance()
  local backend = M.backend()
  if not backend then
    return
  end
  local endpoint = backend.endpoints[math.random(#backend.endpoints)]
  balancer.set_more_tries(1)
  assert(balancer.set_current_peer(endpoint.address, tonumber(endpoint.port)))
end

return M
