import type { Profile } from '../profile.ts';
import { chaosProfiles } from './chaos.ts';
import { direct } from './direct.ts';
import { haproxyProfiles } from './haproxy.ts';
import { nginxProfiles } from './nginx.ts';

/** All networks, in the order in which they stand in the table. */
export const profiles: readonly Profile[] = [direct, ...nginxProfiles, ...haproxyProfiles, ...chaosProfiles];
