/** Every route, in the order in which the document has them. */
import type { Route } from '../route.ts';
import { FURTHER_ACTING_ROUTES } from './acting-on-others.ts';
import { ACTING_ROUTES } from './acting.ts';
import { LIVE_ROUTES } from './live.ts';
import { OTHER_ROUTES } from './others.ts';
import { RUN_ROUTES } from './runs.ts';

export const ROUTES: readonly Route[] = [
  ...RUN_ROUTES,
  ...ACTING_ROUTES,
  ...OTHER_ROUTES,
  ...FURTHER_ACTING_ROUTES,
  ...LIVE_ROUTES,
];
