# frozen_string_literal: true

# Pays wages once each, however often it is killed: `wages.rb <journal> <callback URL> <number of wages>`. The journal is a path of a
# SQLite file, or a URL that begins with `postgresql://`.
#
# Ends when every wage is paid, or its outcome cannot be found out by this program.

$LOAD_PATH.unshift(File.expand_path("../../bindings-ruby/lib", __dir__))

require "active_record"
require "kopokopo"

place, callback_url, count = ARGV
where = place.start_with?("postgres") ? { url: place } : { adapter: "sqlite3", database: place }
ActiveRecord::Base.establish_connection(**where, pool: 4, timeout: 5000)

k2 = KopoKopo::Client.from_env(journal: KopoKopo::ActiveRecordJournal.new).with_options(timeout: 2, max_retries: 0)
left = (1..Integer(count)).to_a
unknown = {}

until left.empty?
  left.dup.each do |wage|
    destination = KopoKopo::Destination::MobileWallet.new(
      phone_number: "+254722#{100_000 + wage}", amount: wage, description: "Wages", network: "Safaricom",
    )
    k2.send_money.create(idempotency_key: "wage-#{wage}", destinations: [destination], callback_url: callback_url)
    left.delete(wage)
  rescue KopoKopo::OutcomeUnknownError
    # The result, if there is one, arrives within the second pass.
    left.delete(wage) if unknown[wage]
    unknown[wage] = true
  rescue KopoKopo::InProgressError
    next
  rescue KopoKopo::Error => error
    warn error.kind
  end
  sleep 0.5
end
