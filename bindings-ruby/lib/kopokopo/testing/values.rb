# frozen_string_literal: true

module KopoKopo
  module Testing
    # Checks and converts what programs give to the helpers. Errors name the parameter.
    #
    # @private
    module Values
      UNRESERVED = /[^A-Za-z0-9\-._~]/n.freeze
      AMOUNT = /\A-?\d+(\.\d+)?\z/.freeze

      class << self
        def string(value, name)
          fail_type(name, "a String", value) unless value.is_a?(String)
          text = value.to_s.encode(Encoding::UTF_8)
          raise ArgumentError, "#{name}: must be valid UTF-8" unless text.valid_encoding?

          text
        rescue EncodingError
          raise ArgumentError, "#{name}: must be valid UTF-8"
        end

        def integer(value, name)
          value.is_a?(Integer) ? value : fail_type(name, "an Integer", value)
        end

        def float(value, name)
          fail_type(name, "a number", value) unless value.is_a?(Numeric) && value.real?
          number = value.to_f
          raise ArgumentError, "#{name}: must be a finite number" unless number.finite?

          number
        end

        def boolean(value, name)
          [true, false].include?(value) ? value : fail_type(name, "true or false", value)
        end

        # A Float has no exact amount.
        def amount(value, name)
          case value
          when Integer then BigDecimal(value)
          when BigDecimal then value.finite? ? value : fail_amount(name, value)
          when String then AMOUNT.match?(value) ? BigDecimal(value) : fail_amount(name, value)
          else fail_type(name, "a BigDecimal, an Integer, or a String such as \"10.50\"", value)
          end
        end

        def word(value, type, name)
          fail_type(name, "a String or a Symbol", value) unless value.is_a?(String) || value.is_a?(Symbol)
          word = type.new(value.to_s)
          return word if word.known?

          raise ArgumentError, "#{name}: unknown word #{value.to_s.inspect}; expected one of: #{type.known.map(&:to_s).join(", ")}"
        end

        # A record, or a hash of its fields.
        def record(value, type, name)
          return value if value.is_a?(type)

          fail_type(name, "a #{type} or a Hash of its fields", value) unless value.is_a?(Hash)
          begin
            type.new(**value.transform_keys(&:to_sym))
          rescue ArgumentError, TypeError => error
            raise error.class, "#{name}: #{error.message}"
          end
        end

        # Calls the block with each item and its name.
        def list(value, name)
          fail_type(name, "an Array", value) unless value.is_a?(Array)
          value.each_with_index.map { |item, index| yield(item, "#{name}[#{index}]") }.freeze
        end

        def map(value, name)
          value.is_a?(Hash) ? json(value, name) : fail_type(name, "a Hash", value)
        end

        def json(value, name)
          case value
          when nil, true, false, Integer then value
          when Float then float(value, name)
          when String then string(value, name)
          when Symbol then string(value.to_s, name)
          when Array then list(value, name) { |item, at| json(item, at) }
          when Hash then value.to_h { |key, item| [string(key.to_s, name), json(item, "#{name}.#{key}")] }.freeze
          else fail_type(name, "JSON: a Hash, an Array, a String, a number, true, false or nil", value)
          end
        end

        # A part of a path.
        def segment(value, name)
          text = string(value, name)
          raise ArgumentError, "#{name}: must not be empty" if text.empty?

          text.b.gsub(UNRESERVED) { |byte| format("%%%02X", byte.ord) }
        end

        # The fields of a body that were not left out.
        def given(fields)
          fields.compact
        end

        # The options of a sandbox.
        def options(given)
          fail_type("options", "a Hash", given) unless given.is_a?(Hash)
          known = Sandbox.instance_method(:initialize).parameters.map(&:last)
          unknown = given.keys - known
          return given.dup.freeze if unknown.empty?

          raise ArgumentError, "options: unknown option #{unknown.first}; expected one of: #{known.join(", ")}"
        end

        # One of these names, as the sandbox has them.
        def known(value, names, parameter, what)
          return value if names.include?(value)

          raise ArgumentError, "#{parameter}: unknown #{what} #{value.to_s.inspect}; expected one of: #{names.join(", ")}"
        end

        private

        # Without the value, which can be a secret in the wrong place.
        def fail_type(name, expected, value)
          raise TypeError, "#{name}: must be #{expected}, not #{value.nil? ? "nil" : value.class}"
        end

        def fail_amount(name, value)
          raise ArgumentError, "#{name}: must be an amount such as \"10.50\", not #{value.to_s.inspect}"
        end
      end
    end
    private_constant :Values
  end
end
