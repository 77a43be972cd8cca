# frozen_string_literal: true

module KopoKopo
  # An immutable value with named fields. Two records are equal if they have the same class and the same values.
  #
  # `inspect`, `to_json` and YAML redact personal data, tokens, metadata and `raw`. `to_h` has everything. `Marshal` keeps
  # personal data, for caches, and leaves tokens out.
  class Record
    # The names of the fields.
    MEMBERS = [].freeze
    # The fields that text forms redact, and why: `:personal`, `:secret`, `:metadata` or `:raw`.
    REDACTED = {}.freeze

    class << self
      # @return [Array<Symbol>] the names of the fields
      def members
        self::MEMBERS
      end
    end

    # @return [Array<Symbol>] the names of the fields
    def members
      self.class::MEMBERS
    end

    # The fields by name. Nested records become hashes too.
    #
    # @return [Hash{Symbol => Object}]
    def to_h
      fields.transform_values { |value| Record.to_builtin(value) }
    end

    # For pattern matching: `case payment in { status: "Success", id: }`.
    #
    # @return [Hash{Symbol => Object}]
    def deconstruct_keys(names)
      names ? fields.slice(*names) : fields
    end

    # A copy with other values.
    #
    # @return [Record]
    def with(**changes)
      self.class.new(**fields, **changes)
    end

    # Whether the other is a record of the same class with the same values.
    def ==(other)
      other.class == self.class && other.values == values
    end
    alias eql? ==

    # @return [Integer]
    def hash
      [self.class, values].hash
    end

    # @return [String] the fields, without personal data, tokens, metadata and `raw`
    def inspect
      fields = redacted.map { |name, value| " #{name}=#{value.is_a?(Redacted) ? value.text : Record.shown(value)}" }
      "#<#{self.class}#{fields.join(",")}>"
    end
    alias to_s inspect

    # What `to_json` writes: amounts and times are strings.
    #
    # @return [Hash{String => Object}]
    def as_json(*)
      redacted.to_h { |name, value| [name.to_s, Record.to_plain(value)] }
    end

    # @return [String] JSON without personal data, tokens, metadata and `raw`. Everything: `JSON.generate(record.to_h)`
    def to_json(*arguments)
      require "json"
      as_json.to_json(*arguments)
    end

    # @private
    def encode_with(coder)
      coder.map = as_json
    end

    # @private
    def marshal_dump
      fields.reject { |name, _| self.class::REDACTED[name] == :secret }
    end

    # @private
    def marshal_load(fields)
      # Another version may have dumped other fields.
      store(members.map { |name| fields[name] })
    end

    # The record as an argument for the native library. One that the library returned is passed as the text that it was
    # read from.
    #
    # @private
    def to_argument
      members.include?(:raw) ? { raw: raw } : fields
    end

    # Takes the place of a redacted value.
    Redacted = Struct.new(:text)
    private_constant :Redacted

    class << self
      # @private
      def to_builtin(value)
        case value
        when Record then value.to_h
        when Array then value.map { |item| to_builtin(item) }
        else value
        end
      end

      # An amount as people write it: `100` and `10.5`, where BigDecimal writes `0.1e3`.
      #
      # @private
      def amount_text(amount)
        amount.to_s("F").delete_suffix(".0")
      end

      # @private
      def to_plain(value)
        case value
        when Redacted then value.text
        when Record then value.as_json
        when Array then value.map { |item| to_plain(item) }
        when BigDecimal then amount_text(value)
        when Time then value.xmlschema(3)
        when Word then value.to_s
        else value
        end
      end

      # @private
      def shown(value)
        case value
        when BigDecimal then amount_text(value)
        when Array then "[#{value.map { |item| shown(item) }.join(", ")}]"
        else value.inspect
        end
      end
    end

    protected

    attr_reader :values

    private

    def fields
      members.zip(@values).to_h
    end

    def store(values)
      @values = values.freeze
      freeze
    end

    def redacted
      fields.to_h { |name, value| [name, redact(self.class::REDACTED[name], value)] }
    end

    def redact(why, value)
      return value if why.nil? || value.nil?

      case why
      when :metadata then Redacted.new("{#{value.keys.map { |key| "#{key}: [redacted]" }.join(", ")}}")
      when :raw then Redacted.new("[#{value.length} characters]")
      else Redacted.new("[redacted]")
      end
    end
  end

  # A variant of a union: a record that says its kind.
  class Variant < Record
    # The word of the variant, as a symbol.
    KIND = nil

    # @return [Symbol] the word of the variant
    def kind
      self.class::KIND
    end

    # @return [Hash{Symbol => Object}] the fields by name, and the kind
    def to_h
      { kind: kind, **super }
    end

    # For pattern matching, with the kind.
    def deconstruct_keys(names)
      found = { kind: kind, **fields }
      names ? found.slice(*names) : found
    end

    # @private
    def as_json(*)
      { "kind" => kind.to_s, **super }
    end

    # @private
    def to_argument
      { type: kind, **super }
    end
  end

  # Records of a customer's payment.
  module PaymentRecord
    # Whether a payment was received and is at least this amount. Check it before you credit an order.
    #
    # @param amount [BigDecimal, Integer, String] The amount of the order. It must be greater than zero.
    # @param currency [String, nil] The currency of the order. Default: KES.
    # @param till_number [String, nil] The till that the customer had to pay. Default: any till.
    # @return [Boolean]
    # @raise [InvalidRequestError] if the amount is not greater than zero
    # @raise [DecodeError] if `raw` is empty, as in a record that a test made
    def paid_at_least?(amount, currency: nil, till_number: nil)
      given = { payment: raw, record: self.class::PAYMENT, amount: amount, currency: currency, till_number: till_number }
      Native.function("is_paid_at_least", given)
    end
  end
end
