import { DOCTOR_OPTIONS, doctor } from '../doctor/command.ts';

export const OPTIONS = DOCTOR_OPTIONS;

/** Tests the network between this machine and a server. @returns the exit status */
export function run(args: readonly string[]): Promise<number> {
  return doctor(args);
}
