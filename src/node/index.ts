/** What only Node has. */
export * from './react.ts';
