/** What handlers need beside routes. Names only. */
export { conditional, type ConditionalOptions } from './conditional.ts';
export { precondition, type Validators } from './conditions.ts';
