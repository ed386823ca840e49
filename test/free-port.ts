import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Range of the ports. Operating systems give no port of this range to a socket that does not ask for a particular one: Linux gives
 * 32768 to 60999, macOS and Windows give 49152 to 65535.
 */
export const LOWEST = 20_000;
export const HIGHEST = 32_767;

/**
 * Returns a port on which no server listens, for a program that listens later. Each call returns a different port, also among
 * processes: a UDP socket on the same number reserves the port until this process ends, and every process that calls this function
 * respects the reservation.
 * @param first port that is tried first. Default: a random one
 * @throws if no port of the range is free
 */
export async function freePort(first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1))): Promise<number> {
  for (let port = first; port <= HIGHEST; port += 1) if (await reserve(port)) return port;
  for (let port = LOWEST; port < first; port += 1) if (await reserve(port)) return port;
  throw new Error(`No port from ${LOWEST} to ${HIGHEST} is free`);
}

/** @returns whether the port is reserved now. Otherwise another process has reserved the port, or a server listens on it. */
async function reserve(port: number): Promise<boolean> {
  const reservation = await bind(port);
  if (!reservation) return false;
  if (await canListen(port)) return true;
  reservation.close();
  return false;
}

function bind(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => resolve(undefined));
    socket.bind(port, '127.0.0.1', () => resolve(socket));
  });
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  const listening = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!(await listening)) return false;
  server.close();
  await once(server, 'close');
  return true;
}
