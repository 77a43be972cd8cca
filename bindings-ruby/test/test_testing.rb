# frozen_string_literal: true

require "json"
require "open3"
require "tmpdir"
require_relative "helper"

# `kopokopo/testing`: every call of the control API, and what is refused before it is sent.
class TestTesting < KopoKopoTest
  Testing = KopoKopo::Testing
  CALLS = JSON.parse(File.read(File.join(ROOT, "sandbox/controls.json"))).fetch("calls")

  # Notes the calls of a sandbox.
  class Recorder < BasicObject
    attr_reader :called

    def initialize(sandbox)
      @sandbox = sandbox
      @called = []
    end

    def method_missing(name, ...)
      @called |= [name.to_s]
      @sandbox.public_send(name, ...)
    end

    def respond_to_missing?(...)
      true
    end
  end

  def waiting_push(k2)
    k2.incoming_payments.create(**push, phone_number: "254700000006").id
  end

  def balance(state, number)
    state.tills.find { |till| till.number == number }.balance
  end

  def test_every_helper_works
    all = Recorder.new(sandbox)
    customers(all)
    money(all)
    webhooks(all)
    faults(all)
    data(all)
    assert_equal CALLS.map { |call| call["name"] }.sort, all.called.sort
  end

  def customers(all)
    {
      customer_pays: [], customer_cancels: ["Request cancelled by user"], customer_has_no_money: ["Insufficient funds"],
      customer_ignores: ["DS timeout user cannot be reached"], customer_enters_wrong_pin: ["The initiator information is invalid."],
    }.each do |act, errors|
      id = waiting_push(k2)
      assert_nil all.__send__(act, id)
      payment = k2.incoming_payments.wait(id, interval: 0.02)
      assert_equal [errors.empty?, errors], [payment.paid?, payment.errors]
    end
    id = waiting_push(k2)
    all.customer_acts(id, :cancel)
    assert_equal ["Request cancelled by user"], k2.incoming_payments.wait(id, interval: 0.02).errors
    link = k2.payment_links.create(till_number: "K000000", amount: "1", callback_url: push[:callback_url])
    all.customer_acts_on_link(link.id, Testing::CustomerAction::ENTER_PIN)
    assert_predicate k2.payment_links.get(link.id), :paid?
    lists(all)
  end

  def lists(all)
    link = k2.payment_links.create(till_number: "K000000", amount: "2", callback_url: push[:callback_url])
    all.customer_pays_link(link.id, phone_number: "0711222333")
    assert_equal ["Paid", "Paid"], [all.payment_link(link.id), all.payment_links.first].map(&:status)
    newest = all.transactions.first
    assert_equal [2, "254711222333", "received"], [newest.amount, newest.payer, newest.status]
    refute_includes newest.inspect, "254711222333"
    assert_includes all.customers.messages.first.text, "paid to Online Payments"
    assert_equal link.id, all.resources("payment_links").first.id
  end

  def money(all)
    assert_equal BigDecimal("5000.50"), all.set_till("K654321", balance: "5000.50", name: "My shop").balance
    paid = all.pay(till_number: "K654321", amount: BigDecimal("250"), phone_number: "0712345678", first_name: "Jane")
    assert_equal "Buygoods Transaction", paid.type
    assert_equal "Reversed", all.reverse_transaction(paid.resource["reference"]).resource["status"]
    card = all.pay(till_number: "7600314301", amount: "99.50", kind: :card)
    refute_empty all.void_transaction(card.resource["reference"]).type
    assert_equal BigDecimal("5000.50"), balance(all.state, "K654321")
  end

  def webhooks(all)
    assert_equal 0, all.trigger(topic: KopoKopo::EventType::CUSTOMER_CREATED).sent
    assert_equal 1, all.trigger(topic: "customer_created", url: "http://127.0.0.1:9/", set: { "event.type" => "x" }).sent
    found = all.deliveries.last
    assert_equal ["customer_created", false, false], [found.topic, found.delivered?, found.withheld?]
    assert_equal KopoKopo.sign_webhook(sandbox.api_key, found.body), found.signature
    all.resend_delivery(found.id)
    before = all.state.now
    assert_operator all.advance_clock(3600).now, :>, before
  end

  def faults(all)
    all.fault(kind: :status, operation: "payments.get", status: 503, times: nil, body: { error: "no" })
    assert_equal [[Testing::FaultKind::STATUS, nil, { "error" => "no" }]], all.faults.map { |fault| [fault.kind, fault.times, fault.body] }
    all.set_faults([Testing::Fault.new(kind: "delay"), { kind: "status", operation: "send_money.*", probability: 0.5 }])
    assert_equal [Testing::Fault.new(kind: :delay), Testing::Fault.new(kind: :status, operation: "send_money.*", probability: 0.5)], all.faults
    all.clear_faults
    assert_empty all.faults
    assert_includes all.operations.operations, "send_money.create"
    found = all.requests.reverse.find { |request| request.operation == "payment_links.create" }
    assert_equal ["POST", "/api/v2/payment_links", 201, true], [found.method, found.path, found.status, found.took_effect?]
  end

  def data(all)
    assert_equal "manual", all.change_settings(pace: :manual).pace
    assert_predicate all.settings.pace, :manual?
    id = waiting_push(k2)
    assert_includes all.pending.waiting.map(&:id), id
    all.set_data(
      tills: [Testing::TillData.new(number: "777777", balance: 10)],
      merchant_wallets: [{ id: "55555555-5555-4555-8555-555555555555", first_name: "Jane" }],
      transactions: [{ reference: "TKJ1234567", till_number: "777777", amount: "250" }],
    )
    assert_equal 10, balance(all.state, "777777")
    assert_equal "Jane", sandbox.client.merchant_wallets.get("55555555-5555-4555-8555-555555555555").first_name
    all.set_data
    declared = all.set_customer("0712345678", balance: "150.50", action: "cancel", after_seconds: 20)
    assert_equal [BigDecimal("150.5"), true, 20], [declared.balance, declared.action.cancel?, declared.after_seconds]
    exported = all.export_state
    all.reset
    assert_empty all.customers.customers
    all.import_state(exported)
    assert_equal [declared], all.customers.customers
    all.reset
    assert_equal "ok", all.health.status
    assert_equal 10, all.rules.magic.size
  end

  def test_reset_can_keep_tokens
    k2.oauth.token
    { true => [201], false => [401, 201] }.each do |keep_tokens, expected|
      sandbox.reset(keep_tokens: keep_tokens)
      k2.incoming_payments.create(**push)
      assert_equal expected, requests(CREATE).map(&:status)
    end
  end

  def test_call_that_the_sandbox_refuses_says_why
    { "404: Incoming payment not found" => -> { sandbox.customer_pays("a/../b ?") },
      "known tills are" => -> { sandbox.pay(till_number: "nothing", amount: 1) },
      "no request of send_money.create arrived within 0 s" => -> { sandbox.wait_for_request("send_money.create", timeout: 0) },
      "no delivery of reversal was received with 2xx within 0 s" => -> { sandbox.wait_for_delivery("reversal", timeout: 0) },
    }.each { |text, call| assert_includes assert_raises(Testing::SandboxError, &call).message, text }
  end

  # What is wrong, the error, and its text. None of them is sent.
  WRONG = {
    ->(s) { s.fault(kind: "cough") } => [ArgumentError, 'kind: unknown word "cough"; expected one of: refuse_connections, '],
    ->(s) { s.fault(kind: nil) } => [TypeError, "kind: must be a String or a Symbol, not nil"],
    ->(s) { s.fault(kind: :delay, times: "3") } => [TypeError, "times: must be an Integer, not String"],
    ->(s) { s.fault(kind: :delay, probability: Float::NAN) } => [ArgumentError, "probability: must be a finite number"],
    ->(s) { s.fault(kind: :status, body: { a: [BigDecimal(1)] }) } => [TypeError, "body.a[0]: must be JSON: "],
    ->(s) { s.set_faults({ kind: :delay }) } => [TypeError, "faults: must be an Array, not Hash"],
    ->(s) { s.set_faults([{ kind: :delay, after: 1.0 }]) } => [TypeError, "faults[0]: after: must be an Integer, not Float"],
    ->(s) { s.set_faults([{ sort: :delay }]) } => [ArgumentError, "faults[0]: missing keyword: :kind"],
    ->(s) { s.set_faults([7]) } => [TypeError, "faults[0]: must be a KopoKopo::Testing::Fault or a Hash of its fields, not Integer"],
    ->(s) { s.pay(till_number: "K000000", amount: 0.5) } => [TypeError, "amount: must be a BigDecimal, an Integer, or a String "],
    ->(s) { s.pay(till_number: "K000000", amount: "1e3") } => [ArgumentError, 'amount: must be an amount such as "10.50", not "1e3"'],
    ->(s) { s.pay(till_number: "K000000", amount: BigDecimal("NaN")) } => [ArgumentError, "amount: must be an amount"],
    ->(s) { s.pay(till_number: 7, amount: 1) } => [TypeError, "till_number: must be a String, not Integer"],
    ->(s) { s.pay(till_number: "\xFF", amount: 1) } => [ArgumentError, "till_number: must be valid UTF-8"],
    ->(s) { s.pay(till: "K000000", amount: 1) } => [ArgumentError, "missing keyword: :till_number"],
    ->(s) { s.customer_pays(nil) } => [TypeError, "id: must be a String, not nil"],
    ->(s) { s.customer_pays("") } => [ArgumentError, "id: must not be empty"],
    ->(s) { s.customer_acts("an-id", :sing) } => [ArgumentError, 'action: unknown word "sing"; expected one of: enter_pin, cancel, '],
    ->(s) { s.resend_delivery("7") } => [TypeError, "id: must be an Integer, not String"],
    ->(s) { s.set_till(nil, balance: 1) } => [TypeError, "number: must be a String, not nil"],
    ->(s) { s.reset(keep_tokens: nil) } => [TypeError, "keep_tokens: must be true or false, not nil"],
    ->(s) { s.trigger(topic: "customer_created", set: []) } => [TypeError, "set: must be a Hash, not Array"],
    ->(s) { s.wait_for_request("incoming_payment.create") } => [ArgumentError, 'operation: unknown operation "incoming_payment.create"; expected one of: '],
    ->(s) { s.wait_for_delivery("money") } => [ArgumentError, 'topic: unknown topic "money"; expected one of: '],
    ->(_) { Testing::Sandbox.new(pace: :slow) } => [ArgumentError, 'pace: unknown word "slow"; expected one of: instant, '],
    ->(_) { Testing::Sandbox.new(port: "80") } => [TypeError, "port: must be an Integer, not String"],
    ->(_) { Testing::Sandbox.new(tills: { "K1" => 1.5 }) } => [TypeError, "tills.K1: must be a BigDecimal"],
    ->(_) { Testing::Sandbox.new(tills: ["K1"]) } => [TypeError, "tills: must be a Hash"],
    ->(_) { Testing.options = { speed: 1 } } => [ArgumentError, "options: unknown option speed; expected one of: binary, "],
  }.freeze

  def test_wrong_arguments_are_refused_before_anything_is_sent
    before = sandbox.state
    WRONG.each do |call, (type, text)|
      error = assert_raises(type, text) { call.call(sandbox) }
      assert_operator error.message, :start_with?, text
    end
    assert_equal before.with(now: ""), sandbox.state.with(now: "")
    assert_empty sandbox.faults
  end

  def test_request_and_delivery_are_waited_for
    k2.incoming_payments.create(**push)
    assert_equal "K000000", sandbox.wait_for_request(CREATE).body["till_number"]
    assert_predicate sandbox.wait_for_delivery("incoming_payment"), :withheld?
    assert_equal [401, nil], sandbox.request(:get, "/api/v2/incoming_payments/an-id")
    assert_equal [200, { "status" => "ok" }], sandbox.request("GET", "/_sandbox/health")
  end

  def test_records_are_values_without_personal_data_in_text
    k2.incoming_payments.create(**push)
    found = sandbox.wait_for_request(CREATE)
    assert_equal found, sandbox.requests.find { |request| request.operation == CREATE }
    assert_predicate found, :frozen?
    assert_predicate found.body, :frozen?
    assert_raises(FrozenError) { found.body["subscriber"]["phone_number"] << "1" }
    case found
    in { operation: CREATE, body: Hash => body } then assert_includes body["subscriber"]["phone_number"], "712345678"
    end
    [found.inspect, found.to_json, sandbox.deliveries.inspect, sandbox.pay(till_number: "K000000", amount: 1, phone_number: "0712345678").inspect].each do |text|
      refute_includes text, "712345678"
      assert_includes text, "[redacted]"
    end
    assert_equal "K000000", found.to_h[:body]["till_number"]
  end

  def test_two_sandboxes_have_their_own_credentials_and_tills
    Testing::Sandbox.start(tills: { "K1" => 5 }) do |one|
      other = Testing::Sandbox.new(seed: 7, pace: :manual)
      refute_equal one.base_url, other.base_url
      refute_equal one.api_key, other.api_key
      assert_equal 5, balance(one.state, "K1")
      assert_predicate other.settings.pace, :manual?
      assert_predicate one.client.incoming_payments.create(**push).wait(interval: 0.02), :paid?
      assert_empty other.requests
      [one.client_secret, one.api_key].each { |secret| refute_includes one.inspect + one.to_s, secret }
      other.close
      other.close
      assert_predicate other, :closed?
    end
  end

  def test_result_of_the_block_is_returned_and_the_sandbox_is_closed
    assert_equal 7, Testing::Sandbox.start { |_| 7 }
    closed = nil
    assert_raises(IOError) { Testing::Sandbox.start { |found| raise IOError, (closed = found).base_url } }
    assert_predicate closed, :closed?
    error = assert_raises(Testing::SandboxError) { closed.reset }
    assert_includes error.message, "POST /_sandbox/reset: the sandbox does not listen any more"
  end

  def test_closed_port_is_waited_for
    sandbox.fault(kind: :refuse_connections, delay_ms: 200)
    sandbox.clear_faults
    assert_empty sandbox.faults
  end

  def test_programs_that_read_the_environment_use_the_sandbox
    script = "require 'kopokopo'; puts KopoKopo::Client.from_env.incoming_payments.create(**#{push.inspect}).id"
    output, = Open3.capture2e(sandbox.env, RbConfig.ruby, "-I", File.expand_path("../lib", __dir__), "-e", script)
    assert_match(/\A[0-9a-f-]{36}\n\z/, output)
    assert sandbox.wait_for_request(CREATE)
  end

  # Types that name what does not exist mislead editors.
  def test_signatures_name_the_methods_that_exist
    text = File.read(File.expand_path("../sig/testing_generated.rbs", __dir__))
    text.scan(/^    (?:class|module) (\w+)[^\n]*\n(.*?)^    end/m) do |name, body|
      methods = body.scan(/^      def (?!initialize)(\w+\??):/).flatten
      assert_equal methods.sort, (Testing.const_get(name).instance_methods(false) - [:to_body]).map(&:to_s).sort, name
    end
    own = File.read(File.expand_path("../sig/testing.rbs", __dir__))[/class Sandbox\n(.*?)^    end/m, 1]
    methods = own.scan(/^      def (?!self|initialize)(\w+\??):/).flatten
    assert_equal methods.sort, (Testing::Sandbox.instance_methods(false) - %i[inspect to_s]).map(&:to_s).sort
  end

  def test_types_of_records_are_those_that_are_described
    JSON.parse(File.read(File.join(ROOT, "sandbox/controls.json"))).then do |described|
      described["words"].each do |word|
        assert_equal word["values"].map(&:first), Testing.const_get(word["name"]).known.map(&:to_s)
      end
      described["records"].each { |record| assert_equal record["fields"].map { |field| field["name"].to_sym }, Testing.const_get(record["name"]).members }
    end
  end
end
