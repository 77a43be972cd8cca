<?php

// A shop of Symfony that takes a payment, in one file, and without pages, to be read in one go. Serve it with PHP-FPM or
// `php -S 127.0.0.1:8000 index.php`, with the variables that `k2 sandbox` prints, SHOP_DATABASE (a file), and SHOP_URL
// (where Kopo Kopo reaches it).

declare(strict_types=1);

use KopoKopo\Amount;
use KopoKopo\Client;
use KopoKopo\Event;
use KopoKopo\EventPayload\IncomingPayment;
use KopoKopo\Exception\InProgressException;
use KopoKopo\Exception\InvalidRequestException;
use KopoKopo\Exception\KopoKopoException;
use KopoKopo\Exception\OutcomeUnknownException;
use KopoKopo\IncomingPayment as Payment;
use KopoKopo\Journal\PdoJournal;
use KopoKopo\Once;
use KopoKopo\Symfony\KopoKopoBundle;
use Symfony\Bundle\FrameworkBundle\FrameworkBundle;
use Symfony\Bundle\FrameworkBundle\Kernel\MicroKernelTrait;
use Symfony\Component\Config\Loader\LoaderInterface;
use Symfony\Component\DependencyInjection\ContainerBuilder;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\HttpKernel\Kernel;
use Symfony\Component\Routing\Loader\Configurator\RoutingConfigurator;

require_once getenv('SHOP_AUTOLOAD') ?: __DIR__ . '/vendor/autoload.php';

final class Shop extends Kernel
{
    use MicroKernelTrait;

    private const TILL = 'K000000';

    private ?PDO $database = null;

    public function registerBundles(): iterable
    {
        return [new FrameworkBundle(), new KopoKopoBundle()];
    }

    public function getProjectDir(): string
    {
        return dirname((string) getenv('SHOP_DATABASE'));
    }

    protected function configureContainer(ContainerBuilder $container, LoaderInterface $loader): void
    {
        $container->loadFromExtension('framework', ['http_method_override' => false]);
        $container->register(PdoJournal::class)->setFactory([PdoJournal::class, 'sqlite'])->setArguments(['%env(SHOP_DATABASE)%']);
        $container->loadFromExtension('kopokopo', ['journal' => PdoJournal::class]);
        $container->setAlias('k2', Client::class)->setPublic(true);
    }

    protected function configureRoutes(RoutingConfigurator $routes): void
    {
        $routes->add('create', '/orders')->controller('kernel::create')->methods(['POST']);
        $routes->add('show', '/orders/{id<\d+>}')->controller('kernel::show')->methods(['GET']);
        $routes->add('pay', '/orders/{id<\d+>}/pay')->controller('kernel::pay')->methods(['POST']);
        $routes->add('results', '/k2/results')->controller('kernel::results')->methods(['POST']);
    }

    public function create(Request $request): Response
    {
        $total = $request->toArray()['total'] ?? null;
        if (!is_string($total) || preg_match('/^\d{1,6}(\.\d{1,2})?$/D', $total) !== 1 || Amount::toMinorUnits($total) === 0) {
            return self::invalid('total', 'must be text, more than 0, such as "100.00"');
        }
        $this->run('INSERT INTO orders (total) VALUES (?)', [$total]);

        return new JsonResponse(['id' => (int) $this->database()->lastInsertId()], 201);
    }

    public function show(int $id): Response
    {
        $order = $this->order($id);

        return $order === null ? self::missing() : new JsonResponse($order);
    }

    /**
     * Asks the customer to pay. The key names an attempt, so a second click sends no second request. The next attempt begins
     * after the last one has failed, or had no effect.
     */
    public function pay(int $id, Request $request): Response
    {
        $phoneNumber = $request->toArray()['phoneNumber'] ?? null;
        if (!is_string($phoneNumber)) {
            return self::invalid('phoneNumber', 'must be text');
        }
        // Committed before the request, because the result can arrive before it returns.
        $sql = "UPDATE orders SET status = 'asked' WHERE id = ? AND status <> 'paid' RETURNING total, attempt";
        $order = $this->run($sql, [$id])->fetchAll(PDO::FETCH_ASSOC)[0] ?? null;
        if ($order === null) {
            return $this->order($id) === null ? self::missing() : new JsonResponse(['error' => 'is paid'], 409);
        }
        $key = "order-{$id}-{$order['attempt']}";
        try {
            $push = $this->container->get('k2')->incomingPayments->create(
                idempotencyKey: $key,
                tillNumber: self::TILL,
                phoneNumber: $phoneNumber,
                amount: $order['total'],
                callbackUrl: getenv('SHOP_URL') . '/k2/results',
                metadata: ['order_id' => (string) $id, 'attempt' => (string) $order['attempt']],
            );
            $this->run('UPDATE orders SET push_id = ? WHERE id = ?', [$push->id(), $id]);
        } catch (OutcomeUnknownException | InProgressException) {
            // The customer may see the prompt. The order stays asked until the result arrives.
        } catch (KopoKopoException $error) {
            return $this->notAsked($id, $order['attempt'], $key, $error);
        }

        return new Response('', 202);
    }

    /** This call had no effect. The journal knows whether an earlier click with the same key had one. */
    private function notAsked(int $id, int $attempt, string $key, KopoKopoException $error): Response
    {
        $state = $this->container->get('k2')->journal->get($key)?->state;
        if (in_array($state, [null, 'refused', 'not_sent'], true)) {
            // A corrected request is another request, so it needs another key.
            $this->run(
                "UPDATE orders SET status = 'new', attempt = attempt + ? WHERE id = ? AND attempt = ? AND status = 'asked'",
                [$state === null ? 0 : 1, $id, $attempt],
            );
        } elseif ($error->field === 'idempotencyKey') {
            return new JsonResponse(['error' => 'another phone is being asked: wait for its result'], 409);
        }
        if ($error instanceof InvalidRequestException && $error->field !== 'idempotencyKey') {
            return self::invalid($error->field, $error->detail);
        }
        // JSON of an error has no secret and no phone number.
        error_log((string) json_encode($error));

        return new JsonResponse(['error' => 'not sent: try again'], 503);
    }

    /** Credits the order of a verified event, once for each payment. If this throws, the event is delivered again. */
    public function results(Event $event): Response
    {
        $database = $this->database();
        $database->beginTransaction();
        try {
            // The type first: the webhook about the same payment has the same key, may come first, and must not claim it.
            if ($event->payload instanceof IncomingPayment && Once::claim($database, $event)) {
                $this->credit($event->payload->incomingPayment);
            }
            $database->commit();
        } catch (Throwable $error) {
            $database->rollBack();
            throw $error;
        }

        return new Response();
    }

    private function credit(Payment $payment): void
    {
        $order = $this->order((int) ($payment->metadata['order_id'] ?? 0));
        if ($order === null) {
            return;
        }
        // It compares the amount, the currency and the till.
        if ($payment->isPaidAtLeast($order['total'], tillNumber: self::TILL)) {
            $this->run("UPDATE orders SET status = 'paid', payments = payments + 1 WHERE id = ?", [$order['id']]);
        } elseif ($payment->status->is('Failed')) {
            // The next attempt has another key. The late result of an earlier attempt changes nothing.
            $sql = "UPDATE orders SET status = 'failed', attempt = attempt + 1 WHERE id = ? AND attempt = ? AND status <> 'paid'";
            $this->run($sql, [$order['id'], (int) ($payment->metadata['attempt'] ?? 0)]);
        }
    }

    private static function invalid(?string $field, string $detail): Response
    {
        return new JsonResponse(['field' => $field, 'detail' => $detail], 422);
    }

    private static function missing(): Response
    {
        return new JsonResponse(['error' => 'not found'], 404);
    }

    /** @return array{id: int, total: string, status: string, payments: int}|null */
    private function order(int $id): ?array
    {
        return $this->run('SELECT id, total, status, payments FROM orders WHERE id = ?', [$id])->fetch(PDO::FETCH_ASSOC) ?: null;
    }

    /** @param list<mixed> $values */
    private function run(string $sql, array $values): PDOStatement
    {
        $statement = $this->database()->prepare($sql);
        $statement->execute($values);

        return $statement;
    }

    private function database(): PDO
    {
        if ($this->database === null) {
            $this->database = new PDO('sqlite:' . getenv('SHOP_DATABASE'), null, null, [PDO::ATTR_TIMEOUT => 20]);
            // In a real shop these are migrations.
            $this->database->exec("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, total TEXT NOT NULL,
                status TEXT NOT NULL DEFAULT 'new', attempt INTEGER NOT NULL DEFAULT 1, push_id TEXT, payments INTEGER NOT NULL DEFAULT 0)");
            array_map($this->database->exec(...), KopoKopo\journalSchema('sqlite'));
        }

        return $this->database;
    }
}

$shop = new Shop('prod', false);
$request = Request::createFromGlobals();
$response = $shop->handle($request);
$response->send();
$shop->terminate($request, $response);
