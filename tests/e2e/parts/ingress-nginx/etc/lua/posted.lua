--- What the controller posts, kept for all workers.

local json = require("cjson.safe")

local dictionary = ngx.shared.configuration

local M = {}

--- By name: what was read, and which of the posts that was.
local known = {}

--- What was posted to /configuration/NAME.
function M.read(name)
  local number = dictionary:get(name .. " number")
  if not known[name] or known[name].number ~= number then
    known[name] = { number = number, content = json.decode(dictionary:get(name) or "") or {} }
  end
  return known[name].content
end

--- Keeps what the controller posts to /configuration/NAME, and returns it on demand.
function M.configure()
  local name = ngx.var.uri:match("^/configuration/(%w+)$")
  if ngx.req.get_method() ~= "POST" then
    ngx.print(dictionary:get(name) or "null")
    return
  end
  ngx.req.read_body()
  assert(dictionary:set(name, ngx.req.get_body_data() or ""))
  assert(dictionary:incr(name .. " number", 1, 0))
  ngx.status = ngx.HTTP_CREATED
end

--- Whether the endpoints have been posted.
function M.initialized()
  ngx.exit(dictionary:get("backends") and ngx.HTTP_OK or ngx.HTTP_INTERNAL_SERVER_ERROR)
end

return M
