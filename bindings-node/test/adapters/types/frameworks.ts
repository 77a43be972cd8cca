// The adapters with the types of the frameworks, and the stores with those of the databases.

import { Controller, createParamDecorator, HttpException, Post, Req, UseGuards, type ExecutionContext, type RawBodyRequest } from '@nestjs/common';
import type { APIGatewayProxyEvent, APIGatewayProxyHandlerV2, Context } from 'aws-lambda';
import Database from 'better-sqlite3';
import express, { type Request as ExpressRequest, type Response as ExpressResponse } from 'express';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { createServer } from 'node:http';
import { KopoKopo, type Event } from 'kopokopo';
import * as lambda from 'kopokopo/aws-lambda';
import { verify as verifyExpress, webhooks as onExpress } from 'kopokopo/express';
import { verify as verifyFastify, webhooks as onFastify } from 'kopokopo/fastify';
import { createTables, once, pgJournal, sqliteJournal } from 'kopokopo/journal';
import { WebhookGuard, eventOf, verify as verifyNest } from 'kopokopo/nestjs';
import { verify as verifyWeb, webhooks as onWeb } from 'kopokopo/next';
import { Pool } from 'pg';

const k2 = KopoKopo.fromEnv();

const database = new Database('shop.db');
createTables(database);
k2.withJournal(sqliteJournal(database));
const pool = new Pool();
k2.withJournal(pgJournal(pool, { createTables: false }));
export const claim = async (event: Event): Promise<boolean> => once(event, database) && (await once(event, await pool.connect()));

const app = express();
app.post('/k2/results', onExpress(k2.webhooks, async (event) => void event.topic));
app.post('/k2/results', onExpress(k2.webhooks, (event, request: ExpressRequest, response: ExpressResponse) => response.status(202).json({ ip: request.ip, id: event.id })));
app.post('/k2/results', (request, response, next) => void verifyExpress(k2.webhooks, request).then((event) => response.json(event), next));
// The handler's parameters have the framework's types without annotations.
app.post('/k2/results', onExpress(k2.webhooks, (event, request, response) => void response.status(202).json({ ip: request.ip, id: event.id })));
createServer(onExpress(k2.webhooks, () => {}, { journal: k2.journal }));

const fastify = Fastify();
void fastify.register(onFastify, { verifier: k2.webhooks, url: '/k2/results', handler: async (event) => void event.topic, journal: k2.journal });
void fastify.register(onFastify, {
  prefix: '/k2',
  verifier: k2.webhooks,
  url: '/results',
  handler: (event: Event, request: FastifyRequest, reply: FastifyReply) => reply.code(202).send({ id: event.id, from: request.ip }),
});
void fastify.register(onFastify, {
  verifier: k2.webhooks,
  url: '/k2/results',
  handler: (event, request, reply) => reply.code(202).send({ id: event.id, from: request.ip }),
});
fastify.post('/custom', async (request) => (await verifyFastify(k2.webhooks, request)).topic);

const VerifiedEvent = createParamDecorator((_: unknown, context: ExecutionContext) => eventOf(context.switchToHttp().getRequest()));

@Controller('k2')
export class Results {
  @Post('results')
  @UseGuards(new WebhookGuard(k2.webhooks))
  results(@Req() request: RawBodyRequest<ExpressRequest>, @VerifiedEvent() event: Event): string {
    return eventOf(request).topic + event.topic;
  }

  @Post('custom')
  @UseGuards(new WebhookGuard(k2.webhooks, { exception: HttpException, journal: k2.journal }))
  async custom(@Req() request: RawBodyRequest<ExpressRequest>): Promise<string> {
    return (await verifyNest(k2.webhooks, request)).topic;
  }
}

export const POST: (request: Request) => Promise<Response> = onWeb(k2.webhooks, async (event) => Response.json({ topic: event.topic }));
export const PUT: (request: Request, context: { params: Promise<{ till: string }> }) => Promise<Response> = onWeb(
  k2.webhooks,
  async (event, _request: Request, { params }: { params: Promise<{ till: string }> }) => void [event.id, (await params).till],
);
export const custom = async (request: Request): Promise<Event> => verifyWeb(k2.webhooks, request);

export const v2: APIGatewayProxyHandlerV2 = lambda.webhooks(k2.webhooks, async (event) => void event.topic);
export const v1 = lambda.webhooks(k2.webhooks, (event, request: APIGatewayProxyEvent, context: Context) => ({
  statusCode: 200,
  body: [event.topic, request.path, context.awsRequestId].join(),
}));
