# frozen_string_literal: true

module KopoKopo
  # Finds the native library. It is built for one minor version of Ruby: another one would load it and crash later.
  module NativeLibrary
    # The folders that have the library of each minor version. An option of RubyGems keeps what it compiles in the second one
    # only.
    FOLDERS = begin
      compiled = Gem.loaded_specs["kopokopo"]&.extension_dir if defined?(Gem)
      [__dir__, *compiled && File.join(compiled, "kopokopo")].freeze
    end

    class << self
      # @raise [LoadError] if there is no library for this Ruby
      def load(folders: FOLDERS, engine: RUBY_ENGINE, version: RUBY_VERSION)
        raise LoadError, "kopokopo needs CRuby: #{engine} cannot load its native library" unless engine == "ruby"

        minor = version[/\A\d+\.\d+/]
        path = folders.map { |folder| File.join(folder, minor, "kopokopo_native") }.find { |found| Dir["#{found}.{so,bundle}"].any? }
        raise LoadError, missing(folders, minor) if path.nil?

        require path
      end

      private

      def missing(folders, minor)
        built = folders.flat_map { |folder| Dir[File.join(folder, "[0-9]*", "kopokopo_native.*")] }
                       .map { |path| File.basename(File.dirname(path)) }.uniq
        found = built.empty? ? "no native library" : "a native library for Ruby #{built.sort.join(" and ")} only"
        "kopokopo has #{found}, and this is Ruby #{minor} on #{RUBY_PLATFORM}: install the gem with this Ruby " \
          "(gem install kopokopo), or build it from source (gem install kopokopo --platform ruby)"
      end
    end
  end
  private_constant :NativeLibrary

  NativeLibrary.load

  module Native # :nodoc:
    # Ends an interrupted create whose request was sent. What a program catches by default is replaced, because a retry
    # would send it again. That includes the exception of `Timeout`, of which it makes a `Timeout::Error`: before its
    # version 0.4 it is a throw, which the native library replaces.
    def self.raise_interrupted(raised, unknown)
      is_timeout = defined?(::Timeout::ExitException) && raised.is_a?(::Timeout::ExitException)
      raise unknown, cause: raised if is_timeout || raised.is_a?(StandardError)

      raise raised, cause: unknown
    end
  end
  private_constant :Native
end
