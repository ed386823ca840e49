import type { RawConnection } from '../client/raw-connection.ts';
import { formatHandshake } from '../client/web-socket-frames.ts';
import type { Target } from '../target.ts';

/** Opens a WebSocket. @returns the connection once the server has answered, whatever the answer is */
export async function openSocket(
  target: Target,
  path: string,
  headers = {},
  from = target.address(),
): Promise<RawConnection | undefined> {
  const connection = await target.connect(from);
  connection?.write(formatHandshake(path, headers));
  await connection?.waitFor('\r\n\r\n', 2_000);
  return connection;
}

/** Writes `batch` again and again, as fast as the server takes it. */
export async function pour(target: Target, connection: RawConnection | undefined, batch: Buffer): Promise<void> {
  while (connection && !connection.closed && !target.over) {
    await Promise.race([connection.flush(batch), target.wait(1_000)]);
    // A server that does not read is not sent more: the rest would fill the memory of the attacker.
    if (connection.socket.writableLength > 2 * batch.length) await target.wait(200);
  }
  if (connection?.closed) target.note('the server closed a connection');
}
