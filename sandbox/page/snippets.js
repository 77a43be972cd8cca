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
      text: `curl --data "grant_type=client_credentials" --data-urlencode ${shell(`client_id=${id}`)} \\
  --data-urlencode ${shell(`client_secret=${secret}`)} ${shell(`${url}/oauth/token`)}`,
    },
  ];
}
