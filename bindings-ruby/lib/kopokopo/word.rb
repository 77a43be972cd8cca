# frozen_string_literal: true

module KopoKopo
  # A word of the API or of this library. It is a frozen `String` and equals its text, so it can be compared, stored and
  # used in `case` like one. The API may add words: one that this version does not know is a valid value, so always
  # handle the remaining case.
  class Word < String
    class << self
      # The word with this text.
      #
      # @return [Word]
      def new(text)
        members[text] || super
      end
      alias [] new

      # @return [Array<Word>] the words that this version knows
      def known
        members.values
      end

      # @private
      def members
        @members ||= {}
      end

      private

      # Makes a constant of a word, and a method that asks for it.
      def word(name, text)
        members[text] = const_set(name.upcase, new(text))
        define_method(:"#{name}?") { self == text }
      end
    end

    # @private
    def initialize(text)
      super
      freeze
    end

    # Whether this version knows the word.
    def known?
      self.class.members.key?(to_s)
    end

    # @return [String] its class and its text
    def inspect
      "#<#{self.class} #{super}>"
    end
  end
end
