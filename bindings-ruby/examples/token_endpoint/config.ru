# frozen_string_literal: true

# An endpoint that gives access tokens to a mobile app. The client secret stays on this server.
#
# gem install kopokopo sinatra puma
# k2 sandbox                # in another terminal: prints the variables to export here
# APP_SESSIONS=amina=her-session puma -p 3000 config.ru
# curl -X POST -H 'Authorization: Bearer her-session' http://127.0.0.1:3000/k2/token
#
# The response is {"token": "...", "expires_in": 3600}, with the seconds until the token expires. 401: not signed in.
# 429: too many requests, see Retry-After. 503: no token available.
#
# After a 401 from Kopo Kopo, the app sends {"refused": true} and gets a different token. The app knows about the 401
# because its token source is called although its last token has more than five minutes left.
#
# Limits: Kopo Kopo has no token with fewer permissions. A token from the app can do everything the application can,
# including sending money, until it expires. Use this only for users you know, such as staff and partners. For all
# other users, make the payment on the server. Serve this over https only. Each process has its own token and its own
# counts: run one process, or keep the counts in a shared store.

require "json"
require "logger"
require "openssl"
require "sinatra/base"
require "kopokopo"

# A response other than a token.
class HttpError < StandardError
  attr_reader :status, :headers

  def initialize(status, message, headers = {})
    @status = status
    @headers = headers
    super(message)
  end

  def self.too_many(seconds)
    new(429, "too many requests", "Retry-After" => [1, seconds.ceil].max.to_s)
  end
end

# Seconds of a clock that no one can set.
module Clock
  def self.now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end

# One token for all users: cached until shortly before it expires, and fetched once for concurrent requests.
class TokenCache
  REFUSAL_PAUSE = 5 # seconds between new tokens because of "refused", for all users together
  RENEW_BEFORE = 600 # seconds before it expires, a token is renewed

  # A token and its times.
  Cached = Struct.new(:token, :renew_at, :expires_at) do
    # The token is a secret.
    def inspect
      "#<Cached>"
    end
  end

  def initialize(client, log)
    @client = client
    @log = log
    @lock = Mutex.new
    @refusals_from = 0
  end

  # Returns a token other than the refused one. Fetches nothing if the refused token was replaced before.
  def other_than(refused)
    # Concurrent requests wait here, and find the token that the first one has fetched.
    @lock.synchronize do
      is_refused = !refused.nil? && refused.equal?(@cached)
      next @cached if !is_refused && @cached && Clock.now < @cached.renew_at

      count_refusal if is_refused
      fetch(is_refused)
    end
  end

  private

  def count_refusal
    raise HttpError.too_many(@refusals_from - Clock.now) if Clock.now < @refusals_from

    @refusals_from = Clock.now + REFUSAL_PAUSE
  end

  def fetch(is_refused)
    started = Clock.now
    token = @client.oauth.token
    lifetime = token.expires_in || 3600
    @cached = Cached.new(token.access_token, started + lifetime - [RENEW_BEFORE, lifetime / 4].min, started + lifetime)
  rescue KopoKopo::Error => error
    @log.warn("no token from Kopo Kopo: #{error.kind}")
    # If the renewal fails, the old token is used until it expires.
    return @cached if !is_refused && @cached && Clock.now < @cached.expires_at

    raise HttpError.new(503, "no token available")
  end
end

# The application.
class Tokens < Sinatra::Base
  MAX_REQUESTS = 6 # of each user, in
  WINDOW = 60 # seconds
  MAX_BODY = 1000 # bytes

  # The recent requests and the last token of a user.
  User = Struct.new(:name, :digest, :times, :last)

  LOG = Logger.new($stderr)
  CACHE = TokenCache.new(KopoKopo::Client.from_env.with_options(timeout: 8), LOG) # the app's timeout is ten seconds
  USERS = ENV.fetch("APP_SESSIONS", "").split(",").filter_map do |pair|
    name, session = pair.split("=", 2)
    User.new(name, OpenSSL::Digest::SHA256.digest(session), []) unless session.to_s.empty?
  end
  LOCK = Mutex.new

  set :environment, :production
  set :show_exceptions, false
  set :dump_errors, false # it writes the messages of errors, which may contain a secret
  set :raise_errors, false
  disable :logging

  post "/k2/token" do
    user = signed_in
    LOCK.synchronize { count(user) }
    token = CACHE.other_than(refusal? ? user.last : nil)
    user.last = token
    left = [0, (token.expires_at - Clock.now).floor].max
    LOG.info("token for #{user.name}, expires in #{left} s")
    JSON.generate(token: token.token, expires_in: left)
  end

  before { headers "Cache-Control" => "no-store", "Content-Type" => "application/json" }

  error HttpError do |error|
    headers error.headers
    halt error.status, JSON.generate(error: error.message)
  end

  error do |error|
    LOG.error(error.class) # the message may contain a secret
    halt 500, JSON.generate(error: "internal error")
  end

  not_found { JSON.generate(error: "not found") if response.body.empty? }

  helpers do
    # Returns the signed-in user. Replace this by your app's own sign-in, which must also refuse blocked users.
    def signed_in
      session = request.get_header("HTTP_AUTHORIZATION").to_s.b[/\ABearer +(\S+)\z/in, 1].to_s
      digest = OpenSSL::Digest::SHA256.digest(session)
      # Compares all sessions in constant time, so that the duration reveals nothing.
      found = USERS.select { |user| OpenSSL.fixed_length_secure_compare(user.digest, digest) }
      found.first || raise(HttpError.new(401, "sign in first", "WWW-Authenticate" => "Bearer"))
    end

    def count(user)
      user.times.reject! { |time| time <= Clock.now - WINDOW }
      raise HttpError.too_many(user.times.first + WINDOW - Clock.now) if user.times.size >= MAX_REQUESTS

      user.times << Clock.now
    end

    # Whether the body says that the last token was refused.
    def refusal?
      request.body.rewind if request.body.respond_to?(:rewind) # Sinatra has read a form
      body = request.body.read(MAX_BODY + 1).to_s
      raise HttpError.new(413, "body too large") if body.bytesize > MAX_BODY

      content = JSON.parse(body.empty? ? "{}" : body, max_nesting: 8)
      content.is_a?(Hash) && content["refused"] == true
    rescue JSON::ParserError
      raise HttpError.new(400, "invalid JSON")
    end
  end
end

run Tokens
