import type { Profile } from '../profile.ts';
import { apacheProfiles } from './apache.ts';
import { caddy } from './caddy.ts';
import { chaosProfiles } from './chaos.ts';
import { direct } from './direct.ts';
import { haproxyProfiles } from './haproxy.ts';
import { mitmproxy } from './mitmproxy.ts';
import { nginxProfiles } from './nginx.ts';
import { squidProfiles } from './squid.ts';
import { tinyproxy } from './tinyproxy.ts';
import { tunnelProfiles } from './tunnels.ts';

/** All networks, in the order in which they stand in the table. */
export const profiles: readonly Profile[] = [
  direct,
  ...nginxProfiles,
  ...haproxyProfiles,
  ...squidProfiles,
  mitmproxy,
  tinyproxy,
  ...apacheProfiles,
  caddy,
  ...tunnelProfiles,
  ...chaosProfiles,
];
