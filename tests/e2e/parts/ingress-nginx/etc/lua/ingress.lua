--- What the template calls. The controller posts the certificates of all hosts, and the endpoints of all
-- Services, to the status port as JSON; both change without a reload of nginx.

local balancer = require("ngx.balancer")
local json = require("cjson.safe")
local ssl = require("ngx.ssl")

local posted = ngx.shared.configuration

--- What the controller gives as certificate of a host that has none.
local NO_CERTIFICATE = "-1"

local function read(name)
  return json.decode(posted:get(name) or "") or {}
end

local function body()
  ngx.req.read_body()
  return ngx.req.get_body_data() or ""
end

--- Certificate and key of a host, as one PEM text; wildcards cover one label.
local function pem_of(host)
  local configuration = read("servers")
  local servers = configuration.servers or {}
  local name = host:lower():gsub("%.$", "")
  local id = servers[name] or servers[(name:gsub("^[^.]+", "*", 1))]
  if not id or id == NO_CERTIFICATE then
    return nil
  end
  return configuration.certificates[id]
end

local M = {}

--- Keeps what the controller posts to /configuration/NAME, and tells it on demand.
function M.configure()
  local name = ngx.var.uri:match("^/configuration/(%w+)$")
  if ngx.req.get_method() ~= "POST" then
    ngx.print(posted:get(name) or "null")
    return
  end
  assert(posted:set(name, body()))
  ngx.status = ngx.HTTP_CREATED
end

--- Shows the certificate of the host that the client names (SNI); without one, nginx's default stays.
function M.certificate()
  local host = ssl.server_name()
  local pem = host and pem_of(host)
  if not pem then
    return
  end
  assert(ssl.clear_certs())
  assert(ssl.set_cert(assert(ssl.parse_pem_cert(pem))))
  assert(ssl.set_priv_key(assert(ssl.parse_pem_priv_key(pem))))
end

--- Sends plain HTTP to HTTPS: always, or where the host has a certificate.
function M.redirect(rule)
  if ngx.var.scheme ~= "http" then
    return
  end
  if rule.always or (rule.with_certificate and pem_of(ngx.var.host)) then
    return ngx.redirect("https://" .. ngx.var.host .. ngx.var.request_uri, rule.status)
  end
end

--- Picks an endpoint of the Service that the location names.
function M.balance()
  for _, backend in ipairs(read("backends")) do
    local endpoints = backend.endpoints
    if backend.name == ngx.var.proxy_upstream_name and type(endpoints) == "table" and endpoints[1] then
      local endpoint = endpoints[math.random(#endpoints)]
      assert(balancer.set_current_peer(endpoint.address, tonumber(endpoint.port)))
      return
    end
  end
  return ngx.exit(ngx.HTTP_SERVICE_UNAVAILABLE)
end

return M
