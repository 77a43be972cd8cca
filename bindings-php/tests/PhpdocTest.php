<?php

declare(strict_types=1);

use PHPStan\PhpDocParser\Ast\Node;
use PHPStan\PhpDocParser\Ast\PhpDoc\InvalidTagValueNode;
use PHPStan\PhpDocParser\Ast\PhpDoc\PhpDocNode;
use PHPStan\PhpDocParser\Ast\Type\ArrayShapeItemNode;
use PHPStan\PhpDocParser\Ast\Type\IdentifierTypeNode;
use PHPStan\PhpDocParser\Lexer\Lexer;
use PHPStan\PhpDocParser\Parser\ConstExprParser;
use PHPStan\PhpDocParser\Parser\PhpDocParser;
use PHPStan\PhpDocParser\Parser\TokenIterator;
use PHPStan\PhpDocParser\Parser\TypeParser;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Support/load.php';
require_once 'PHPStan/PhpDocParser/autoload.php';

/** Comments are valid for analysers: PHPStan's parser reads them, they name what exists, and they say what arrays hold. */
final class PhpdocTest extends TestCase
{
    private const BUILT_IN = [
        'string', 'int', 'float', 'bool', 'mixed', 'scalar', 'array', 'list', 'callable', 'object', 'null', 'void', 'never', 'self', 'static',
        'false', 'true', 'class-string', 'iterable', 'resource',
    ];

    /** Folders of adapters, whose frameworks are not here. */
    private const FOLDERS = ['', '/Internal', '/Generated', '/Journal', '/Testing', '/Testing/Internal', '/Testing/Generated'];

    private PhpDocParser $parser;

    protected function setUp(): void
    {
        $constants = new ConstExprParser(...self::config());
        $this->parser = new PhpDocParser(...self::config(), ...[new TypeParser(...self::config(), ...[$constants]), $constants]);
    }

    /**
     * From version 2 on the parser's classes take a configuration first.
     *
     * @return list<object>
     */
    private static function config(): array
    {
        $class = 'PHPStan\\PhpDocParser\\ParserConfig';

        return \class_exists($class) ? [new $class([])] : [];
    }

    private function parse(string $comment): PhpDocNode
    {
        return $this->parser->parse(new TokenIterator((new Lexer(...self::config()))->tokenize($comment)));
    }

    /** @return iterable<string, ReflectionClass<object>|ReflectionFunction> */
    private static function all(): iterable
    {
        foreach (self::FOLDERS as $folder) {
            foreach (\glob(__DIR__ . "/../php{$folder}/*.php") as $file) {
                require_once $file;
            }
        }
        foreach ([...\get_declared_classes(), ...\get_declared_interfaces()] as $class) {
            $found = new ReflectionClass($class);
            if (\str_starts_with($class, 'KopoKopo\\') && !$found->isInternal()) {
                yield $class => $found;
            }
        }
        foreach (\get_defined_functions()['user'] as $name) {
            if (\str_starts_with($name, 'kopokopo\\')) {
                yield $name => new ReflectionFunction($name);
            }
        }
    }

    /** @return iterable<string, array{string, string, ReflectionFunctionAbstract|null}> Comments, where they are, and of which function. */
    private static function comments(): iterable
    {
        foreach (self::all() as $name => $found) {
            yield $name => [(string) $found->getDocComment(), (string) $found->getFileName(), $found instanceof ReflectionFunction ? $found : null];
            if ($found instanceof ReflectionFunction) {
                continue;
            }
            foreach ($found->getMethods() as $method) {
                if ($method->class === $name && $method->isUserDefined()) {
                    yield "{$name}::{$method->name}" => [(string) $method->getDocComment(), (string) $found->getFileName(), $method];
                }
            }
            foreach ([...$found->getProperties(), ...$found->getReflectionConstants()] as $member) {
                if ($member->getDeclaringClass()->name === $name) {
                    yield "{$name}::\${$member->name}" => [(string) $member->getDocComment(), (string) $found->getFileName(), null];
                }
            }
        }
    }

    /** @return list<string> The names of types in it. */
    private static function types(mixed $node): array
    {
        if ($node instanceof IdentifierTypeNode) {
            return [$node->name];
        }
        if ($node instanceof ArrayShapeItemNode) {
            // Its key looks like a type.
            return self::types($node->valueType);
        }
        $parts = $node instanceof Node ? \get_object_vars($node) : (\is_array($node) ? $node : []);

        return \array_merge([], ...\array_values(\array_map(self::types(...), $parts)));
    }

    private static function exists(string $type, string $file): bool
    {
        if (\in_array($type, self::BUILT_IN, true)) {
            return true;
        }
        $code = (string) \file_get_contents($file);
        \preg_match_all('/^\s*use ([\w\\\\]+\\\\(\w+)|(\w+));/m', $code, $used, \PREG_SET_ORDER);
        \preg_match_all('/^namespace ([\w\\\\]+)/m', $code, $namespaces);
        $candidates = $type[0] === '\\' ? [\substr($type, 1)] : \array_map(static fn (string $name) => "{$name}\\{$type}", $namespaces[1]);
        foreach ($used as $import) {
            if (($import[2] ?: $import[3]) === $type) {
                $candidates[] = $import[1];
            }
        }
        foreach ($candidates as $candidate) {
            if (\class_exists($candidate) || \interface_exists($candidate) || \enum_exists($candidate)) {
                return true;
            }
        }

        return false;
    }

    public function testEachCommentIsValidAndNamesWhatExists(): void
    {
        $count = 0;
        $wrong = [];
        foreach (self::comments() as $name => [$comment, $file, $function]) {
            if ($comment === '') {
                continue;
            }
            $count++;
            $parsed = $this->parse($comment);
            $templates = \array_map(static fn ($template) => $template->name, $parsed->getTemplateTagValues());
            foreach ($parsed->getTags() as $tag) {
                if ($tag->value instanceof InvalidTagValueNode) {
                    $wrong[] = "{$name}: {$tag->name} {$tag->value->value}: {$tag->value->exception->getMessage()}";
                }
                foreach (\array_diff(self::types($tag->value), $templates) as $type) {
                    if (!self::exists($type, $file)) {
                        $wrong[] = "{$name}: {$tag->name} names {$type}";
                    }
                }
            }
            $parameters = \array_map(static fn (ReflectionParameter $found) => "\${$found->getName()}", $function?->getParameters() ?? []);
            foreach ($parsed->getParamTagValues() as $tag) {
                if (!\in_array($tag->parameterName, $parameters, true)) {
                    $wrong[] = "{$name}: it has no {$tag->parameterName}";
                }
            }
        }
        self::assertGreaterThan(500, $count);
        self::assertSame([], $wrong);
    }

    public function testCommentsSayWhatArraysHold(): void
    {
        $missing = [];
        foreach (self::comments() as $name => [$comment, , $function]) {
            if ($function === null) {
                continue;
            }
            $parsed = $this->parse($comment === '' ? '/** */' : $comment);
            $documented = \array_map(static fn ($tag) => $tag->parameterName, $parsed->getParamTagValues());
            foreach ($function->getParameters() as $parameter) {
                $isPromoted = $parameter->isPromoted();
                if (!$isPromoted && self::isVague($parameter->getType()) && !\in_array("\${$parameter->getName()}", $documented, true)) {
                    $missing[] = "{$name} \${$parameter->getName()}";
                }
            }
            if (self::isVague($function->getReturnType()) && $parsed->getReturnTagValues() === []) {
                $missing[] = "{$name} returns an array";
            }
        }
        self::assertSame([], $missing);
    }

    private static function isVague(?ReflectionType $type): bool
    {
        $types = $type instanceof ReflectionUnionType ? $type->getTypes() : [$type];

        return \array_filter($types, static fn ($one) => \in_array(\ltrim((string) $one, '?'), ['array', 'callable', 'Generator'], true)) !== [];
    }
}
