// The variables, and the first lines in each language, with the values of this sandbox.

/** A text between double quotes, as these languages read it. `extra` are further characters with a backslash before. */
function doubled(text, extra = '') {
  return `"${[...text].map((c) => (c === '"' || c === '\\' || extra.includes(c) ? `\\${c}` : c)).join('')}"`;
}

/** Between single quotes, in which only these two are special. */
const single = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const isPlain = (text) => /^[A-Za-z0-9\-_.:/@%+,]+$/.test(text);
const shell = (text) => (isPlain(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const dotenv = (text) => (isPlain(text) ? text : text.includes("'") ? doubled(text, '$`') : `'${text}'`);
const powershell = (text) => `'${text.replace(/['\u2018-\u201b]/g, (quote) => quote + quote)}'`;

const PHONE = '254700000006';
const CALLBACK = 'http://127.0.0.1:8000/k2/results';

export function snippets({ base_url: url, client_id: id, client_secret: secret, api_key: key }) {
  const variables = Object.entries({ K2_BASE_URL: url, K2_CLIENT_ID: id, K2_CLIENT_SECRET: secret, K2_API_KEY: key });
  const d = doubled;
  const kotlin = (text) => doubled(text, '$');
  const ruby = (text) => doubled(text, '#');
  return [
    { name: 'Shell', text: variables.map(([name, value]) => `export ${name}=${shell(value)}`).join('\n') },
    { name: '.env file', text: variables.map(([name, value]) => `${name}=${dotenv(value)}`).join('\n') },
    { name: 'PowerShell', text: variables.map(([name, value]) => `$env:${name} = ${powershell(value)}`).join('\n') },
    {
      name: 'Python',
      text: `from kopokopo import KopoKopo

k2 = KopoKopo(base_url=${d(url)}, client_id=${d(id)},
              client_secret=${d(secret)}, api_key=${d(key)})
push = k2.incoming_payments.create(
    till_number="K000000", phone_number="${PHONE}", amount="100",
    callback_url="${CALLBACK}",
)
print("saved with the order:", push.id)
print(k2.incoming_payments.wait(push.id, timeout=120).status)`,
    },
    {
      name: 'Node',
      text: `import { KopoKopo } from 'kopokopo';

const k2 = new KopoKopo({ baseUrl: ${single(url)}, clientId: ${single(id)},
  clientSecret: ${single(secret)}, apiKey: ${single(key)} });
const push = await k2.incomingPayments.create({
  tillNumber: 'K000000', phoneNumber: '${PHONE}', amount: '100',
  callbackUrl: '${CALLBACK}',
});
console.log('saved with the order:', push.id);
console.log((await k2.incomingPayments.wait(push.id)).status);`,
    },
    {
      name: 'Kotlin',
      text: `import dev.kopokopo.*
import java.math.BigDecimal

val k2 = KopoKopo(baseUrl = ${kotlin(url)}, clientId = ${kotlin(id)},
    clientSecret = ${kotlin(secret)}, apiKey = ${kotlin(key)})
val push = k2.incomingPayments.create(tillNumber = "K000000", phoneNumber = "${PHONE}",
    amount = BigDecimal(100), callbackUrl = "${CALLBACK}")
println("saved with the order: \${push.id}")
println(k2.incomingPayments.wait(push.id).status)`,
    },
    {
      name: 'Java',
      text: `import dev.kopokopo.*;
import java.math.BigDecimal;

KopoKopo k2 = new KopoKopo(ClientOptions.builder().baseUrl(${d(url)})
    .clientId(${d(id)}).clientSecret(${d(secret)}).apiKey(${d(key)}).build());
CreatedIncomingPayment push = k2.getIncomingPayments().createBlocking(IncomingPaymentRequest.builder()
    .tillNumber("K000000").phoneNumber("${PHONE}").amount(new BigDecimal(100))
    .callbackUrl("${CALLBACK}").build());
System.out.println("saved with the order: " + push.getId());
System.out.println(k2.getIncomingPayments().waitBlocking(push.getId()).getStatus());`,
    },
    {
      name: 'Swift',
      text: `import KopoKopo

let k2 = try KopoKopo(baseUrl: ${d(url)}, clientId: ${d(id)},
    clientSecret: ${d(secret)}, apiKey: ${d(key)})
let push = try await k2.incomingPayments.create(
    tillNumber: "K000000", phoneNumber: "${PHONE}", amount: 100,
    callbackUrl: "${CALLBACK}")
print("saved with the order:", push.id)
print(try await k2.incomingPayments.wait(id: push.id).status)`,
    },
    {
      name: 'Ruby',
      text: `require "kopokopo"

k2 = KopoKopo::Client.new(base_url: ${ruby(url)}, client_id: ${ruby(id)},
                          client_secret: ${ruby(secret)}, api_key: ${ruby(key)})
push = k2.incoming_payments.create(
  till_number: "K000000", phone_number: "${PHONE}", amount: "100",
  callback_url: "${CALLBACK}"
)
puts "saved with the order: #{push.id}"
puts k2.incoming_payments.wait(push.id, timeout: 120).status`,
    },
    {
      name: 'PHP',
      text: `use KopoKopo\\Client;

$k2 = new Client(baseUrl: ${single(url)}, clientId: ${single(id)},
    clientSecret: ${single(secret)}, apiKey: ${single(key)});
$push = $k2->incomingPayments->create(
    tillNumber: 'K000000', phoneNumber: '${PHONE}', amount: '100',
    callbackUrl: '${CALLBACK}',
);
echo "saved with the order: {$push->id()}\\n";
echo $k2->incomingPayments->wait($push->id(), timeout: 120)->status(), "\\n";`,
    },
    {
      name: 'Go',
      text: `url, key := ${d(url)}, kopokopo.Secret(${d(key)})
k2, err := kopokopo.NewClient(kopokopo.ClientOptions{BaseURL: &url, ClientID: ${d(id)},
	ClientSecret: ${d(secret)}, APIKey: &key})
if err != nil { log.Fatal(err) }
push, err := k2.IncomingPayments().Create(ctx, kopokopo.IncomingPaymentRequest{TillNumber: "K000000",
	PhoneNumber: "${PHONE}", Amount: "100", CallbackURL: "${CALLBACK}"})
if err != nil { log.Fatal(err) }
fmt.Println("saved with the order:", push.ID())
payment, err := k2.IncomingPayments().Wait(ctx, push.ID(), kopokopo.WaitOptions{Timeout: 2 * time.Minute})
if err != nil { log.Fatal(err) }
fmt.Println(payment.Status)`,
    },
    {
      name: 'Dart',
      text: `import 'package:decimal/decimal.dart';
import 'package:kopokopo/kopokopo.dart';
// Apps have no secret: your backend returns tokens of the client id ${id.replace(/\s/g, ' ')}.
final KopoKopo k2 = KopoKopo.withTokenSource(tokensOfTheBackend, baseUrl: ${single(url)});
final CreatedIncomingPayment push = await k2.incomingPayments.create(
  tillNumber: 'K000000', phoneNumber: '${PHONE}', amount: Decimal.fromInt(100),
  callbackUrl: '${CALLBACK}',
);
print(push.id); // give it to the backend first
print((await push.wait(timeout: const Duration(seconds: 120))).status);`,
    },
    {
      name: 'Rust',
      text: `let k2 = kopokopo::KopoKopo::builder().base_url(${d(url)})
    .client_id(${d(id)}).client_secret(${d(secret)}).api_key(${d(key)}).build()?;
let push = k2.incoming_payments().create(&kopokopo::resources::IncomingPaymentRequest {
    till_number: "K000000".into(), phone_number: "${PHONE}".into(), amount: "100".parse()?,
    callback_url: "${CALLBACK}".into(), ..Default::default()
}).await?;
println!("saved with the order: {}", push.id());`,
    },
    {
      name: 'curl',
      text: `K2_TOKEN=$(curl --silent --data grant_type=client_credentials --data-urlencode ${shell(`client_id=${id}`)} \\
  --data-urlencode ${shell(`client_secret=${secret}`)} ${shell(`${url}/oauth/token`)} |
  sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
curl --include --header "Authorization: Bearer $K2_TOKEN" --header 'Content-Type: application/json' --data '{
    "payment_channel": "M-PESA STK Push", "till_number": "K000000", "amount": {"value": 100},
    "subscriber": {"phone_number": "${PHONE}"}, "_links": {"callback_url": "${CALLBACK}"}
  }' ${shell(`${url}/api/v2/incoming_payments`)}`,
    },
  ];
}
