# frozen_string_literal: true

require "json"

module KopoKopo
  # A store of a journal is an object with the method `call`, which runs one request of the journal, given as JSON, and
  # returns its result as JSON. {ActiveRecordJournal} is one for the databases of Rails.
  #
  # This is the base class of a store that keeps its records anywhere. Records are hashes that JSON can hold: look only at
  # `"idempotency_key"`, `"version"`, `"state"`, `"operation"` and `"created_at"` (milliseconds since 1970). Each method
  # must be atomic, and durable when it returns. It is called on a thread of the package.
  class CustomJournal
    # Adds a record. Returns false, and changes nothing, if its key exists.
    #
    # @param record [Hash{String => Object}]
    # @return [Boolean]
    def insert(record)
      raise NotImplementedError, "#{self.class} must define insert"
    end

    # Replaces a record with the same key if it has this version. Returns false otherwise, and changes nothing.
    #
    # @param record [Hash{String => Object}]
    # @param version [Integer]
    # @return [Boolean]
    def update(record, version)
      raise NotImplementedError, "#{self.class} must define update"
    end

    # Reads a record.
    #
    # @param key [String]
    # @return [Hash{String => Object}, nil]
    def get(key)
      raise NotImplementedError, "#{self.class} must define get"
    end

    # Reads the records that match, in the order of their keys, at most `"limit"`. `"states"` (empty: all), `"name"` (the
    # operation), `"created_from"`, `"created_before"` and `"after_key"` are nil if they do not matter.
    #
    # @param query [Hash{String => Object}]
    # @return [Array<Hash{String => Object}>]
    def list(query)
      raise NotImplementedError, "#{self.class} must define list"
    end

    # @private
    def call(request)
      asked = JSON.parse(request)
      result =
        case asked.delete("operation")
        when "insert" then insert(asked["record"])
        when "update" then update(asked["record"], asked["version"])
        when "get" then get(asked["key"])
        when "list" then list(asked)
        end
      JSON.generate(result)
    end
  end
end
