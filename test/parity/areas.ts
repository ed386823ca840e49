import { agents } from './areas/agents.ts';
import { doors } from './areas/doors.ts';
import { errors } from './areas/errors.ts';
import { events } from './areas/events.ts';
import { lifecycle } from './areas/lifecycle.ts';
import { media } from './areas/media.ts';
import { order } from './areas/order.ts';
import { parts } from './areas/parts.ts';
import { requests } from './areas/requests.ts';
import { resumption } from './areas/resumption.ts';
import { runConfig } from './areas/run-config.ts';
import { sessions } from './areas/sessions.ts';
import { tools } from './areas/tools.ts';
import type { Area } from './requirement.ts';

/** ADK's live mode, feature by feature, in the order of the page. */
export const areas: readonly Area[] = [
  lifecycle,
  resumption,
  requests,
  runConfig,
  events,
  parts,
  order,
  tools,
  agents,
  sessions,
  media,
  errors,
  doors,
];
