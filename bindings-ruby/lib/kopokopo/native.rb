# frozen_string_literal: true

module KopoKopo
  # Finds the native library. It is built for one minor version of Ruby: another one would load it and crash later.
  module NativeLibrary
    # The folder that has the library of each minor version.
    FOLDER = __dir__

    class << self
      # @raise [LoadError] if there is no library for this Ruby
      def load(folder: FOLDER, engine: RUBY_ENGINE, version: RUBY_VERSION)
        raise LoadError, "kopokopo needs CRuby: #{engine} cannot load its native library" unless engine == "ruby"

        minor = version[/\A\d+\.\d+/]
        path = File.join(folder, minor, "kopokopo_native")
        raise LoadError, missing(folder, minor) if Dir["#{path}.{so,bundle}"].empty?

        require path
      end

      private

      def missing(folder, minor)
        built = Dir[File.join(folder, "[0-9]*", "kopokopo_native.*")].map { |path| File.basename(File.dirname(path)) }
        found = built.empty? ? "no native library" : "a native library for Ruby #{built.sort.join(" and ")} only"
        "kopokopo has #{found}, and this is Ruby #{minor} on #{RUBY_PLATFORM}: install the gem with this Ruby " \
          "(gem install kopokopo), or build it from source (gem install kopokopo --platform ruby)"
      end
    end
  end
  private_constant :NativeLibrary

  NativeLibrary.load

  module Native # :nodoc:
    # Raises an error with a cause that is not the error that is being handled.
    def self.raise_with_cause(error, cause)
      raise error, cause: cause
    end
  end
  private_constant :Native
end
