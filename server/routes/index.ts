/** Every route, in the order in which the document has them. */
import type { Route } from '../route.ts';
import { OTHER_ROUTES } from './others.ts';
import { RUN_ROUTES } from './runs.ts';

export const ROUTES: readonly Route[] = [...RUN_ROUTES, ...OTHER_ROUTES];
