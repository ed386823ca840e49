export { type Client, createClient } from './client.ts';
export type { ClientOptions } from './client-options.ts';
export type { ClientEvents, ClientState, Item, Message, Retry, Statistics } from './events.ts';
export type { Rung, Transport } from './ladder.ts';
export type { Refusal, Sent } from './sent.ts';
export type { Socket, SocketConstructor } from './socket-transport.ts';
export type { VerdictStorage } from './verdict.ts';
