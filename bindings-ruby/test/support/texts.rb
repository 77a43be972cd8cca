# frozen_string_literal: true

require "json"
require "logger"
require "pp"
require "stringio"
require "yaml"
require "kopokopo"

# Every text form of this package's values, in which tests look for secrets and personal data.
module Texts
  # The text forms of a result, an error or a client, by their names.
  def self.of(value)
    found = {
      "inspect" => value.inspect,
      "to_s" => value.to_s,
      "format" => format("%s %p", value, value),
      "pp" => PP.pp(value, +""),
      "json" => JSON.generate([value]),
      "yaml" => yaml(value),
    }
    found["full_message"] = value.full_message(highlight: false) if value.is_a?(KopoKopo::Error)
    found["to_h"] = value.to_h.to_s if value.is_a?(KopoKopo::Error)
    found
  end

  def self.yaml(value)
    YAML.dump(value)
  rescue TypeError => error
    # A client cannot be dumped.
    error.message
  end

  # What the package logs while the block runs. All threads share the logger.
  class Log
    def initialize
      @lines = Queue.new
      KopoKopo.logger = self
      KopoKopo.subscribe { |call| @lines << call.inspect }
    end

    def debug
      @lines << yield
    end
    alias warn debug

    # The lines so far. They are removed.
    def take
      Array.new(@lines.size) { @lines.pop }.join("\n")
    end
  end
end
