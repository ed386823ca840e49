import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Creates a response on the connection of an upgrade, which Node gives none. The connection ends with the response.
 * @returns `undefined` if the answer to an earlier request on the connection is still being written: the connection is destroyed then, because the rest of
 * that answer would come between what is written now
 */
export function assignResponse(req: IncomingMessage, connection: Duplex): ServerResponse | undefined {
  const res = new ServerResponse(req);
  try {
    res.assignSocket(connection as Socket); // connections of an HTTP server are sockets
  } catch {
    connection.destroy();
    return undefined;
  }
  res.shouldKeepAlive = false;
  return res;
}
