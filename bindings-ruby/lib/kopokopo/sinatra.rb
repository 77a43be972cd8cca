# frozen_string_literal: true

require_relative "rack"

module KopoKopo
  # Webhooks in Sinatra.
  #
  #     helpers KopoKopo::Sinatra
  #     post("/k2/results") { credit(kopokopo_event(K2.webhooks)) }
  module Sinatra
    # The event of the request. Ends the request with 401, 400 or 413 if it is not a valid webhook.
    #
    # @param (see Rack::Receiver#initialize)
    # @return [Event]
    def kopokopo_event(verifier, journal: nil, on_unreadable: nil)
      Rack::Receiver.new(verifier, journal: journal, on_unreadable: on_unreadable).receive(env)
    rescue Rack::Refusal => refusal
      halt(*refusal.to_response)
    end
  end
end
