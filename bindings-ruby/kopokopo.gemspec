# frozen_string_literal: true

require_relative "lib/kopokopo/version"

# The gem for this platform, with the native libraries that `build.rb` has put into `lib/kopokopo`, or without any the gem that is
# compiled when it is installed.
Gem::Specification.new do |spec|
  minors = Dir[File.join(__dir__, "lib/kopokopo/[0-9]*/")].map { |folder| Gem::Version.new(File.basename(folder)) }.sort

  spec.name = "kopokopo"
  spec.version = KopoKopo::VERSION
  spec.authors = ["The kopokopo contributors"]
  spec.summary = "M-PESA payments in Kenya through Kopo Kopo (K2 Connect)"
  spec.description = "A typed client for the Kopo Kopo API: payments, webhooks and payouts that happen once. " \
                     "Not affiliated with Kopo Kopo Inc."
  spec.homepage = "https://github.com/kopokopo-sdk/kopokopo"
  spec.licenses = ["MIT", "Apache-2.0"]
  spec.metadata = { "rubygems_mfa_required" => "true", "source_code_uri" => spec.homepage }

  files = %w[lib/**/* config/routes.rb sig/**/*.rbs README.md LICENSE-* .yardopts]
  if minors.empty?
    spec.required_ruby_version = ">= 3.1"
    spec.extensions = ["ext/kopokopo/extconf.rb"]
    files << "ext/**/*"
  else
    # Without `-gnu`, which RubyGems before 3.3.21 does not find.
    spec.platform = "#{Gem::Platform.local.cpu}-#{Gem::Platform.local.os}"
    major, minor = minors.last.segments
    spec.required_ruby_version = [">= #{minors.first}", "< #{major}.#{minor + 1}.dev"]
  end
  spec.files = Dir.chdir(__dir__) { Dir[*files].select { |path| File.file?(path) } }
  spec.add_runtime_dependency "bigdecimal", ">= 3.0", "< 5"
end
