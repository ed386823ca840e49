import type { Attack } from '../attack.ts';
import { bodyAttacks } from './bodies.ts';
import { capacityAttacks } from './capacity.ts';
import { configAttacks } from './configs-and-results.ts';
import { connectionAttacks } from './connections.ts';
import { credentialAttacks } from './credentials.ts';
import { foreignPageAttacks } from './foreign-pages.ts';
import { httpAttacks } from './http-shapes.ts';
import { mutationAttacks } from './mutations.ts';
import { pageAttacks } from './pages.ts';
import { sessionAttacks } from './sessions.ts';
import { modelAttacks } from './tools-and-providers.ts';
import { outputAttacks } from './unread-output.ts';
import { webSocketAttacks } from './web-sockets.ts';

/** Every attack, in the order in which they run. */
export const attacks: readonly Attack[] = [
  ...connectionAttacks,
  ...outputAttacks,
  ...bodyAttacks,
  ...sessionAttacks,
  ...webSocketAttacks,
  ...pageAttacks,
  ...configAttacks,
  ...httpAttacks,
  ...foreignPageAttacks,
  ...modelAttacks,
  ...credentialAttacks,
  ...mutationAttacks,
  ...capacityAttacks,
];
