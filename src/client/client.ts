import { checkOptions } from './check-options.ts';
import type { Client } from './client-interface.ts';
import type { ClientOptions } from './client-options.ts';
import { ClientTools } from './client-tools.ts';
import { LiveClient } from './live-client.ts';

/**
 * Connects to a live session, and stays connected until the session ends, the server refuses the client for good, or `close()` is called.
 * @throws {TypeError} if an option is missing or not valid
 */
export function createClient(options: ClientOptions): Client {
  checkOptions(options);
  return new LiveClient(options, (parts) => new ClientTools(parts));
}
