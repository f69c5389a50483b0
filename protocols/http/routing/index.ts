/** Sites: routes, middleware, errors. Names only. */
export { compose, type Middleware } from './compose.ts';
export { errorPages } from './errorPages.ts';
export { escaped, type Problem } from './errorResponse.ts';
export type { ParamsOf } from './pattern.ts';
export { afterwards } from './settled.ts';
export { routes, type Routes } from './routes.ts';
export { HandlerFailed, type Site, type SiteOptions } from './site.ts';
