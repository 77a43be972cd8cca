# frozen_string_literal: true

module KopoKopo
  module Testing
    # Finds the program that has the sandbox: `k2`.
    #
    # @private
    module Binary
      VARIABLE = "K2_SANDBOX_BIN"
      # The program prints its version at once, but a machine can be loaded.
      PROBE_TIMEOUT = 30.0
      REMEDY = "install k2 with `cargo install --path cli` in https://github.com/kopokopo-sdk/kopokopo, or take it from an " \
               "archive of its releases, and set #{VARIABLE} to the path of k2, or have it on the PATH"

      class << self
        # @raise [SandboxError] if no sandbox is installed, or a path does not exist
        def find(binary)
          { "binary" => binary, VARIABLE => ENV.fetch(VARIABLE, nil) }.each do |source, path|
            next if path.nil? || path.to_s.empty?

            return which(path.to_s) || raise(SandboxError, "#{source}: #{path} is not a program: expected the path of k2")
          end
          found = which("k2")
          raise SandboxError, "the sandbox is not installed: #{REMEDY}" if found.nil?
          raise SandboxError, "#{found} is another program with the same name, not the sandbox: #{REMEDY}" unless ours?(found)

          found
        end

        private

        def which(name)
          folders = name.include?(File::SEPARATOR) ? [nil] : ENV.fetch("PATH", "").split(File::PATH_SEPARATOR).reject(&:empty?)
          folders.map { |folder| File.expand_path(name, folder) }.find { |path| File.file?(path) && File.executable?(path) }
        end

        def ours?(path)
          child = Child.new(path, "--version")
          child.first_line(PROBE_TIMEOUT).to_s.include?("(kopokopo)")
        rescue SystemCallError, Child::Timeout
          false
        ensure
          child&.kill
        end
      end
    end
    private_constant :Binary
  end
end
