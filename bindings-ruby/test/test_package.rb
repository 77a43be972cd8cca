# frozen_string_literal: true

require "fileutils"
require "open3"
require "tmpdir"
require_relative "helper"

# How the package is loaded.
class TestPackage < KopoKopoTest
  LIB = File.expand_path("../lib", __dir__)

  def test_version_is_that_of_the_native_library
    assert_equal KopoKopo::VERSION, KopoKopo.version
  end

  def test_a_library_for_another_ruby_is_refused_with_one_message
    Dir.mktmpdir do |folder|
      FileUtils.cp_r("#{LIB}/.", folder)
      own = RUBY_VERSION[/\A\d+\.\d+/]
      FileUtils.mv(File.join(folder, "kopokopo", own), File.join(folder, "kopokopo", "9.9"))
      # The libraries that were built for other versions.
      FileUtils.rm_rf(Dir[File.join(folder, "kopokopo", "[0-8]*")])
      output, status = Open3.capture2e(RbConfig.ruby, "-I", folder, "-e", "require 'kopokopo'")
      refute_predicate status, :success?
      assert_includes output, "kopokopo has a native library for Ruby 9.9 only, and this is Ruby #{own}"
      FileUtils.rm_r(File.join(folder, "kopokopo", "9.9"))
      output, = Open3.capture2e(RbConfig.ruby, "-I", folder, "-e", "require 'kopokopo'")
      assert_includes output, "kopokopo has no native library"
    end
  end

  # RubyGems compiles into a folder of its own, and has an option not to copy the library to the others.
  def test_a_library_that_rubygems_compiled_is_found
    Dir.mktmpdir do |home|
      gem, compiled = "#{home}/gems/kopokopo-#{KopoKopo::VERSION}", "#{home}/compiled/kopokopo"
      FileUtils.mkdir_p(["#{home}/specifications", gem, compiled])
      FileUtils.cp_r(LIB, gem)
      FileUtils.mv(Dir["#{gem}/lib/kopokopo/[0-9]*"], compiled)
      script = <<~RUBY
        specification = Gem::Specification.new("kopokopo", "#{KopoKopo::VERSION}")
        specification.define_singleton_method(:extension_dir) { "#{home}/compiled" }
        Gem.loaded_specs["kopokopo"] = specification
        require "kopokopo"
        puts $LOADED_FEATURES.grep(/kopokopo_native/)
      RUBY
      output, = Open3.capture2e(RbConfig.ruby, "-I", "#{gem}/lib", "-e", script)
      assert_match(%r{\A#{compiled}/#{RUBY_VERSION[/\A\d+\.\d+/]}/kopokopo_native}, output)
    end
  end

  def test_it_loads_without_rubygems
    output, = Open3.capture2e(RbConfig.ruby, "--disable-gems", "-I", LIB, "-e", "require 'kopokopo'; puts KopoKopo::VERSION")
    assert_equal "#{KopoKopo::VERSION}\n", output
  end

  def test_the_native_library_of_another_contract_is_refused
    Dir.mktmpdir do |folder|
      FileUtils.cp_r("#{LIB}/.", folder)
      contract = File.join(folder, "kopokopo/generated/contract.rb")
      File.write(contract, File.read(contract).sub(/CONTRACT_HASH = "\h+"/, 'CONTRACT_HASH = "0"'))
      output, status = Open3.capture2e(RbConfig.ruby, "-I", folder, "-e", "require 'kopokopo'")
      refute_predicate status, :success?
      assert_includes output, "of different versions"
    end
  end

  def test_every_file_loads
    script = "require 'kopokopo'; KopoKopo.eager_load!; puts KopoKopo.constants.none? { |name| KopoKopo.autoload?(name) && name != :ActiveRecordJournal }"
    output, = Open3.capture2e(RbConfig.ruby, "-w", "-I", LIB, "-e", script)
    assert_equal "true\n", output
  end

  def test_private_parts_are_private
    assert_raises(NameError) { KopoKopo.const_get(:Native).then { eval("KopoKopo::Native", binding, __FILE__, __LINE__) } }
    assert_raises(NoMethodError) { KopoKopo::IncomingPayments.new }
  end

  # Types that name what does not exist mislead editors.
  def test_types_name_the_methods_that_exist
    text = File.read(File.expand_path("../sig/generated.rbs", __dir__))
    named = text.scan(/^  class (\w+).*?^  end/m).flatten
    assert_equal named, named.uniq
    named.each { |name| assert KopoKopo.const_defined?(name), name }
    text.scan(/^  class (\w+) < NativeObject\n(.*?)^  end/m) do |name, body|
      methods = body.scan(/^    def (?!self|initialize)(\w+\??):/).flatten
      assert_equal methods.sort, (KopoKopo.const_get(name).public_instance_methods(false) - [:inspect]).map(&:to_s).sort, name
    end
  end
end
