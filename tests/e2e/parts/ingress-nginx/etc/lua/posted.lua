--- What the controller posts, kept for all workers.

local json = require("cjson.safe")

local dictionary = ngx.shared.configuration

local M = {}

--- What was posted to /configuration/NAME.
function M.read(name)
  return json.decode(dictionary:get(name) or "") or {}
end

--- Keeps what the controller posts to /configuration/NAME, and tells it on demand.
function M.configure()
  local name = ngx.var.uri:match("^/configuration/(%w+)$")
  if ngx.req.get_method() ~= "POST" then
    ngx.print(dictionary:get(name) or "null")
    return
  end
  ngx.req.read_body()
  assert(dictionary:set(name, ngx.req.get_body_data() or ""))
  ngx.status = ngx.HTTP_CREATED
end

--- Whether the endpoints have been posted.
function M.initialized()
  ngx.exit(dictionary:get("backends") and ngx.HTTP_OK or ngx.HTTP_INTERNAL_SERVER_ERROR)
end

return M
