# frozen_string_literal: true

require "json"
require "net/http"
require "socket"

module KopoKopo
  module Testing
    # One request on a connection of its own. `Net::HTTP` itself would ask for a proxy, and libraries for tests replace it, such as
    # WebMock.
    #
    # @private
    module Http
      TIMEOUT = 30

      class << self
        # @return [Array(Integer, Object)] the status, and the JSON of the response
        def request(address, method, path, body)
          uri = URI(address)
          socket = Net::BufferedIO.new(TCPSocket.new(uri.host, uri.port), read_timeout: TIMEOUT, write_timeout: TIMEOUT)
          headers = { "Host" => "#{uri.host}:#{uri.port}", "Content-Type" => "application/json", "Connection" => "close" }
          request = Net::HTTPGenericRequest.new(method, !body.nil?, true, path, headers)
          request.body = JSON.generate(body) unless body.nil?
          request.exec(socket, "1.1", path)
          read(socket)
        ensure
          socket&.close
        end

        private

        def read(socket)
          response = Net::HTTPResponse.read_new(socket)
          response.reading_body(socket, true) { response.body }
          text = response.body.to_s.force_encoding(Encoding::UTF_8)
          [Integer(response.code), text.empty? ? nil : JSON.parse(text, freeze: true)]
        end
      end
    end
    private_constant :Http
  end
end
