# frozen_string_literal: true

# A Rails application in a process of its own, which `test_rails.rb` runs. It prints what it finds as JSON.

$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))

require "json"
require "logger"
require "stringio"
require "rails"
require "action_controller/railtie"
require "active_record/railtie"
require "rack/test"
require "kopokopo"

folder, credentials = ARGV
options = JSON.parse(credentials, symbolize_names: true)
ENV["DATABASE_URL"] = "sqlite3:#{folder}/shop.db?pool=10"
LOG = StringIO.new

# The application.
class Shop < Rails::Application
  config.root = ARGV.first
  config.eager_load = true
  config.logger = Logger.new(LOG)
  config.secret_key_base = "a" * 64
  config.hosts.clear if config.respond_to?(:hosts)
  config.kopokopo.journal = true
  config.kopokopo.handler = "EventHandler"
end

# Fails the first time, after it has claimed the event.
class EventHandler
  CALLS = []

  def call(event)
    ActiveRecord::Base.transaction do
      next unless KopoKopo.once(event, ActiveRecord::Base.connection)

      CALLS << event.topic
      raise "the handler fails" if CALLS.size == 1
    end
  end
end

# Receives results in a controller.
class ResultsController < ActionController::Base
  include KopoKopo::Rails::Webhook

  def create
    render plain: kopokopo_event.topic
  end
end

# Has its own word about the journal.
class OwnController < ResultsController
  def kopokopo_journal
    nil
  end
end

Rails.application.credentials.define_singleton_method(:kopokopo) { options }
Shop.initialize!

SEEN = []
Rails.application.routes.draw do
  post "/endpoint", to: KopoKopo::Rails.endpoint(journal: true) { |event| SEEN << event.topic }
  post "/controller", to: "results#create"
  post "/default", to: KopoKopo::Rails.endpoint { |event| event }
  post "/none", to: KopoKopo::Rails.endpoint(journal: false) { |event| event }
  post "/own", to: "own#create"
  mount KopoKopo::Rails::Engine => "/k2"
end

require "generators/kopokopo/install/install_generator"
Dir.chdir(folder) do
  Dir.mkdir("config")
  File.write("config/routes.rb", "Rails.application.routes.draw do\nend\n")
  Kopokopo::InstallGenerator.start(["--quiet"], destination_root: folder)
end
ENV["VERBOSE"] = "false"
ActiveRecord::Migrator.migrations_paths = ["#{folder}/db/migrate"]
ActiveRecord::Tasks::DatabaseTasks.migrate

calls = []
ActiveSupport::Notifications.subscribe("call.kopokopo") { |event| calls << event.payload.slice(:operation, :outcome) }

k2 = KopoKopo::Rails.client
push = { till_number: "K000000", phone_number: "0712345678", amount: "100", callback_url: "https://shop.example/k2" }
ids = Array.new(2) { k2.incoming_payments.create(**push, idempotency_key: "order-1").id }

session = Rack::Test::Session.new(Rails.application)
body = File.binread(File.expand_path("../../tests/vectors/payloads/webhook-buygoods_transaction_received.json", __dir__))
responses = %w[/endpoint /controller].to_h do |path|
  signatures = [KopoKopo.sign_webhook(options[:api_key], body), "0" * 64, nil]
  [path, signatures.map do |signature|
    headers = { "CONTENT_TYPE" => "application/json", "HTTP_X_KOPOKOPO_SIGNATURE" => signature }.compact
    session.post(path, body, headers)
    session.last_response.status
  end]
end
first = Array.new(2) do
  event = k2.webhooks.verify(body, KopoKopo.sign_webhook(options[:api_key], body))
  ActiveRecord::Base.transaction { KopoKopo.once(event, ActiveRecord::Base.connection) }
end

# The engine handles a result once, after a delivery whose handler failed.
result = File.binread(File.expand_path("../../tests/vectors/payloads/result-incoming-payment-success.json", __dir__))
deliver = lambda do |signature|
  session.post("/k2/results", result, { "CONTENT_TYPE" => "application/json", "HTTP_X_KOPOKOPO_SIGNATURE" => signature }.compact)
  session.last_response.status
end
good = KopoKopo.sign_webhook(options[:api_key], result)
engine = [deliver.call(nil), deliver.call("0" * 64), deliver.call(good), deliver.call(good), deliver.call(good)]
Shop.config.kopokopo.handler = nil
unconfigured = deliver.call(good)
made_calls = calls.uniq
# Which of them let the journal observe the event.
observed = %w[/default /controller /none /own].select do |path|
  calls.clear
  session.post(path, result, { "CONTENT_TYPE" => "application/json", "HTTP_X_KOPOKOPO_SIGNATURE" => good })
  calls.any? { |call| call[:operation].end_with?(".observe") }
end
refused = [{ journal: Object.new }, { on_unreadable: true }].map do |wrong|
  KopoKopo::Rails.endpoint(**wrong) { next }
rescue KopoKopo::ConfigurationError => error
  error.field
end
refused << (KopoKopo::Rails.endpoint rescue $!.field) # rubocop:disable Style/RescueModifier
# What the generator made.
load "#{folder}/app/models/kopokopo_event_handler.rb"
Shop.config.kopokopo.handler = "KopokopoEventHandler"
other = result.sub("OJJ1MPU40Z", "OJJ1MPU40A")
generated = [result, other, other, body].map do |delivered|
  session.post("/k2/results", delivered, { "HTTP_X_KOPOKOPO_SIGNATURE" => KopoKopo.sign_webhook(options[:api_key], delivered) })
  session.last_response.status
end

puts JSON.generate(
  engine: engine, handled: EventHandler::CALLS, unconfigured: unconfigured, generated: generated,
  ids: ids.uniq.size, responses: responses, seen: SEEN, first: first, calls: made_calls, observed: observed, refused: refused, log: LOG.string,
  routes: File.read("#{folder}/config/routes.rb"), initializer: File.exist?("#{folder}/config/initializers/kopokopo.rb"),
)
