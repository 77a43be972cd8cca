<?php

// A shop of Symfony that takes a payment, in one file, and without pages, to be read in one go. Serve it with PHP-FPM or
// `php -S 127.0.0.1:8000 index.php`, with the variables that `k2 sandbox` prints, SHOP_DATABASE (a file), and SHOP_URL
// (where Kopo Kopo reaches it).

declare(strict_types=1);

use KopoKopo\Client;
use KopoKopo\Event;
use KopoKopo\EventPayload\IncomingPayment;
use KopoKopo\Exception\InProgressException;
use KopoKopo\Exception\InvalidRequestException;
use KopoKopo\Exception\OutcomeUnknownException;
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
        $this->run('INSERT INTO orders (total) VALUES (?)', [$request->toArray()['total']]);

        return new JsonResponse(['id' => (int) $this->database()->lastInsertId()], 201);
    }

    public function show(int $id): Response
    {
        return new JsonResponse($this->order($id) ?? ['error' => 'not found']);
    }

    /** Asks the customer to pay. The journal makes a second click harmless: it sends no second request. */
    public function pay(int $id, Request $request): Response
    {
        $order = $this->order($id);
        // Committed before the request, because the result can arrive before it returns.
        $this->run("UPDATE orders SET status = 'asked' WHERE id = ? AND status = 'new'", [$id]);
        try {
            $push = $this->container->get('k2')->incomingPayments->create(
                idempotencyKey: "order-{$id}",
                tillNumber: self::TILL,
                phoneNumber: $request->toArray()['phone_number'] ?? '',
                amount: $order['total'],
                callbackUrl: getenv('SHOP_URL') . '/k2/results',
                metadata: ['order_id' => (string) $id],
            );
            $this->run('UPDATE orders SET push_id = ? WHERE id = ?', [$push->id(), $id]);
        } catch (OutcomeUnknownException | InProgressException) {
            // The customer may see the prompt. The order stays asked until the result arrives.
        } catch (InvalidRequestException $error) {
            return new JsonResponse(['field' => $error->field, 'detail' => $error->detail], 422);
        }

        return new Response('', 202);
    }

    /** Credits the order of a verified event, once for each payment. If this throws, the event is delivered again. */
    public function results(Event $event): Response
    {
        $database = $this->database();
        $database->beginTransaction();
        try {
            if (Once::claim($database, $event) && $event->payload instanceof IncomingPayment) {
                $order = $this->order((int) ($event->payload->incomingPayment->metadata['order_id'] ?? 0));
                // It compares the amount, the currency and the till.
                if ($order !== null && $event->isPaidAtLeast($order['total'], tillNumber: self::TILL)) {
                    $this->run("UPDATE orders SET status = 'paid', payments = payments + 1 WHERE id = ?", [$order['id']]);
                }
            }
            $database->commit();
        } catch (Throwable $error) {
            $database->rollBack();
            throw $error;
        }

        return new Response();
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
                status TEXT NOT NULL DEFAULT 'new', push_id TEXT, payments INTEGER NOT NULL DEFAULT 0)");
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
