import * as http from 'node:http';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';

/**
 * Sends the requests of this process, such as those for credentials and key sets, through the proxy of the environment, as the WebSocket to the
 * provider. Node itself ignores the variables by default. Only the command line does so: a library leaves the globals of its host alone.
 */
export function useProxy({ proxy }: Config, logger: Logger): void {
  const address = proxy.HTTPS_PROXY ?? proxy.HTTP_PROXY;
  if (address === undefined) return;
  // A named import of this function would keep older versions of Node from loading the file.
  http.setGlobalProxyFromEnv(proxy);
  logger.info({ proxy: new URL(address).host }, 'requests to other machines go through a proxy');
}
