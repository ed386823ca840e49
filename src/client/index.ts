export { type Client, type ClientOptions, createClient } from './client.ts';
export type { ClientEvents, ClientState, Item, Message, Statistics } from './events.ts';
export type { Rung } from './ladder.ts';
export type { VerdictStorage } from './verdict.ts';
