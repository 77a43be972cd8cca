<?php

declare(strict_types=1);

namespace K2Test\Support;

/** PHP-FPM and nginx in a temporary folder, on loopback. nginx passes the API's requests on too, and counts their connections. */
final class Fpm
{
    public readonly string $folder;

    public readonly string $url;

    /** The origin of the API for the scripts. */
    public readonly string $api;

    /** @var array<string, resource> */
    private array $processes = [];

    /**
     * @param list<string> $options Options of the command, such as `-d`.
     * @param list<string> $pool More lines of the pool.
     */
    public function __construct(private readonly Sandbox $sandbox, string $public, array $options = [], array $pool = [], int $workers = 2)
    {
        $this->folder = Folder::make();
        $port = Wait::port();
        $this->url = "http://127.0.0.1:{$port}";
        $apiPort = Wait::port();
        $this->api = "http://127.0.0.1:{$apiPort}";
        \file_put_contents("{$this->folder}/fpm.conf", $this->fpm($pool, $workers));
        \file_put_contents("{$this->folder}/nginx.conf", $this->nginx((string) \realpath($public), $port, $apiPort));
        $root = \posix_geteuid() === 0 ? ['-R'] : [];
        $this->start('fpm', [self::find('php-fpm' . \PHP_MAJOR_VERSION . '.' . \PHP_MINOR_VERSION), '--nodaemonize', '-y', "{$this->folder}/fpm.conf", ...$root, ...$options]);
        $this->start('nginx', [self::find('nginx'), '-c', "{$this->folder}/nginx.conf", '-e', "{$this->folder}/nginx.log"]);
        Wait::until('FPM does not start: ' . $this->log(), fn () => \file_exists("{$this->folder}/fpm.sock"));
        Wait::until('nginx does not start: ' . $this->log(), static fn () => @\stream_socket_client("tcp://127.0.0.1:{$port}") !== false);
    }

    /** The options that load the extension. */
    public static function extension(): array
    {
        return ['-d', 'extension=' . \getenv('K2_PHP_EXTENSION')];
    }

    /** @param array<string, string> $headers */
    public function request(string $path, string $method = 'GET', string $body = '', array $headers = [], float $timeout = 30): Http
    {
        return Http::request($this->url . $path, $method, $body, $headers, $timeout);
    }

    /**
     * Starts a request, and returns a function that returns its response.
     *
     * @return callable(): string
     */
    public function begin(string $path, string $method = 'GET', string $body = '', string $headers = ''): callable
    {
        $socket = \stream_socket_client(\str_replace('http', 'tcp', $this->url));
        $head = "{$method} {$path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n{$headers}Content-Length: " . \strlen($body);
        \fwrite($socket, "{$head}\r\n\r\n{$body}");

        return static function () use ($socket): string {
            \stream_set_timeout($socket, 30);

            return (string) \stream_get_contents($socket);
        };
    }

    /** The number of connections to the API that had a request of it. */
    public function connections(): int
    {
        return \count(\array_unique(\file("{$this->folder}/api.log") ?: []));
    }

    public function log(): string
    {
        $text = '';
        foreach (['fpm.log', 'php.log', 'nginx.log', 'fpm.out', 'nginx.out'] as $file) {
            $text .= (string) @\file_get_contents("{$this->folder}/{$file}");
        }

        return $text;
    }

    public function signal(int $signal): void
    {
        \posix_kill(\proc_get_status($this->processes['fpm'])['pid'], $signal);
    }

    /** Waits until FPM has ended, and returns its exit code. */
    public function exitCode(): int
    {
        return Wait::until('FPM does not end: ' . $this->log(), function (): array|false {
            $status = \proc_get_status($this->processes['fpm']);

            return $status['running'] ? false : [$status['exitcode']];
        }, 20)[0];
    }

    /** @return list<int> */
    public function workers(): array
    {
        $master = \proc_get_status($this->processes['fpm'])['pid'];

        return \array_map('intval', \explode(' ', \trim((string) @\file_get_contents("/proc/{$master}/task/{$master}/children"))));
    }

    public function close(): void
    {
        foreach ($this->processes as $process) {
            \proc_terminate($process, \SIGTERM);
            \proc_close($process);
        }
        $this->processes = [];
    }

    private static function find(string $program): string
    {
        foreach (['/usr/sbin', '/usr/bin', '/usr/local/sbin'] as $folder) {
            if (\is_executable("{$folder}/{$program}")) {
                return "{$folder}/{$program}";
            }
        }
        throw new \RuntimeException("{$program} is missing: apt-get install php-fpm nginx-light");
    }

    /** @param list<string> $command */
    private function start(string $name, array $command): void
    {
        $output = ['file', "{$this->folder}/{$name}.out", 'a'];
        $this->processes[$name] = \proc_open($command, [['file', '/dev/null', 'r'], $output, $output], $pipes);
    }

    /** @param list<string> $pool */
    private function fpm(array $pool, int $workers): string
    {
        $variables = ['K2_BASE_URL' => $this->api] + $this->sandbox->environment() + ['SHOP_FOLDER' => $this->folder, 'SHOP_URL' => $this->url];
        $lines = \array_map(static fn (string $name, string $value) => "env[{$name}] = {$value}", \array_keys($variables), $variables);
        $more = \implode("\n", [...$lines, ...$pool]);

        return <<<CONF
            [global]
            pid = {$this->folder}/fpm.pid
            error_log = {$this->folder}/fpm.log
            process_control_timeout = 15s
            [shop]
            listen = {$this->folder}/fpm.sock
            pm = static
            pm.max_children = {$workers}
            catch_workers_output = yes
            php_admin_value[error_log] = {$this->folder}/php.log
            {$more}

            CONF;
    }

    private function nginx(string $public, int $port, int $apiPort): string
    {
        $user = \posix_geteuid() === 0 ? 'user root;' : '';
        $temporary = '';
        foreach (['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'] as $name) {
            $temporary .= "{$name}_temp_path {$this->folder}/{$name};\n";
        }
        $sandbox = $this->sandbox->credentials()['base_url'];

        return <<<CONF
            {$user}
            daemon off;
            worker_processes 1;
            pid {$this->folder}/nginx.pid;
            events {}
            http {
                access_log off;
                {$temporary}
                client_max_body_size 20m;
                log_format connection \$connection;
                server {
                    listen 127.0.0.1:{$port};
                    root {$public};
                    location ~ \\.php$ {
                        include /etc/nginx/fastcgi_params;
                        fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
                        fastcgi_pass unix:{$this->folder}/fpm.sock;
                    }
                    location / {
                        include /etc/nginx/fastcgi_params;
                        fastcgi_param SCRIPT_FILENAME \$document_root/index.php;
                        fastcgi_pass unix:{$this->folder}/fpm.sock;
                    }
                }
                server {
                    listen 127.0.0.1:{$apiPort};
                    keepalive_requests 100000;
                    access_log {$this->folder}/api.log connection;
                    location / {
                        proxy_pass {$sandbox};
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_set_header Host \$http_host;
                    }
                }
            }

            CONF;
    }
}
