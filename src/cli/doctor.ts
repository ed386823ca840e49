import { doctor } from '../doctor/command.ts';

/** Tests the network between this machine and a server. @returns the exit status */
export function run(args: readonly string[]): Promise<number> {
  return doctor(args);
}
