--- What the template calls. The controller posts the certificates of all hosts, and the endpoints of all
-- Services, to the status port as JSON; both change without a reload of nginx.

local balance = require("balance")
local posted = require("posted")
local ssl = require("ngx.ssl")

local config

--- What the controller posts as certificate of a host that has none.
local NO_CERTIFICATE = "-1"

--- Certificate and key of a host, as one PEM text. A host without a certificate of its own takes that of the
-- wildcard above it, also if its Ingress has no TLS; wildcards cover one label.
local function pem_of(host)
  local configuration = posted.read("servers")
  local name = host:lower():gsub("%.$", "")
  for _, each in ipairs({ name, (name:gsub("^[^.]+%.", "*.", 1)) }) do
    local id = (configuration.servers or {})[each]
    if id and id ~= NO_CERTIFICATE then
      return configuration.certificates[id]
    end
  end
end

--- The first part of a header that may be a list, or of a host with a port.
local function first(text, separator)
  return text:match("^([^" .. separator .. "]*)")
end

--- What a proxy before this one says about the client's request, where the ConfigMap lets it.
local function believe_forwarded()
  local var = ngx.var
  var.pass_access_scheme = var.http_x_forwarded_proto or var.pass_access_scheme
  var.pass_server_port = var.http_x_forwarded_port or var.pass_server_port
  if var.http_x_forwarded_host then
    var.best_http_host = first(var.http_x_forwarded_host, ",")
  end
end

--- Whether this request has to come again by HTTPS.
local function belongs_to_https()
  local var = ngx.var
  if var.force_no_ssl_redirect == "true" or var.pass_access_scheme ~= "http" then
    return false
  end
  return var.force_ssl_redirect == "true" or (var.ssl_redirect == "true" and pem_of(var.host) ~= nil)
end

local function to_https()
  local uri, host = ngx.var.request_uri, first(ngx.var.best_http_host, ":")
  if ngx.var.preserve_trailing_slash ~= "true" then
    uri = uri:gsub("/$", "")
  end
  if ngx.var.use_port_in_redirects == "true" then
    host = host .. ":" .. config.listen_ports.https
  end
  return ngx.redirect("https://" .. host .. uri, config.http_redirect_code)
end

local M = {
  configure = posted.configure,
  initialized = posted.initialized,
  balance = balance.balance,
}

--- Takes the settings of the ConfigMap that concern this.
function M.set_config(settings)
  config = settings
end

--- Shows the certificate of the host that the client names (SNI); without one, nginx's default stays.
function M.certificate()
  local host = ssl.server_name()
  local pem = pem_of(host or "_") or pem_of("_")
  if not pem then
    return
  end
  assert(ssl.clear_certs())
  assert(ssl.set_cert(assert(ssl.parse_pem_cert(pem))))
  assert(ssl.set_priv_key(assert(ssl.parse_pem_priv_key(pem))))
end

--- What comes before access is judged: the request as the client meant it, the redirect to HTTPS, and a
-- Service that has no endpoints.
function M.rewrite()
  local var = ngx.var
  var.pass_access_scheme = var.scheme
  var.best_http_host = var.http_host or var.host
  if config.use_forwarded_headers then
    believe_forwarded()
  end
  var.pass_port = var.pass_server_port
  if var.pass_server_port == config.listen_ports.https then
    var.pass_port = 443
  end
  if belongs_to_https() then
    return to_https()
  end
  if not balance.backend() then
    return ngx.exit(ngx.HTTP_SERVICE_UNAVAILABLE)
  end
end

--- The same address under the host's other name, with or without `www.`.
function M.other_name(host)
  local var = ngx.var
  local scheme, port = var.scheme, var.server_port
  if config.use_forwarded_headers then
    scheme = var.http_x_forwarded_proto or scheme
    port = var.http_x_forwarded_port or port
  end
  return string.format("%s://%s:%s%s", scheme, host, port, (var.request_uri:gsub("/$", "")))
end

return M
