# frozen_string_literal: true

# The jobs of a program, which `test_sidekiq.rb` runs with Sidekiq. Each attempt writes how it ended to a file.

$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))

require "active_record"
require "sidekiq"
require "kopokopo"
require "json"

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: "#{ENV.fetch("FOLDER")}/shop.db", pool: 5)

# Asks a customer to pay.
class AskToPay
  include Sidekiq::Worker

  K2 = KopoKopo::Client.new(
    **JSON.parse(ENV.fetch("OPTIONS"), symbolize_names: true), journal: KopoKopo::ActiveRecordJournal.new,
  )

  def perform(key, push)
    outcome = "no exception"
    K2.incoming_payments.create(idempotency_key: key, **push.transform_keys(&:to_sym))
  rescue Exception => error # rubocop:disable Lint/RescueException
    outcome = [error.class, *error.cause&.class].join(" by ")
    raise
  ensure
    File.write("#{ENV.fetch("FOLDER")}/attempts", "#{outcome}\n", mode: "a")
  end
end
