/** What handlers need beside routes. Names only. */
export { accessLog, formatCombined, type AccessEntry } from './accessLog.ts';
export type { Credentials as BasicCredentials } from '../basic/parse.ts';
export { basicAuth, type BasicAuthOptions } from './basicAuth.ts';
export { conditional, type ConditionalOptions } from './conditional.ts';
export { precondition, type Validators } from './conditions.ts';
export { cookie, cookies, type CookieOptions } from './cookies.ts';
export { cors, type CorsOptions } from './cors.ts';
export { fromFetchHandler, toFetchHandler, type FetchHandler } from './fetchHandlers.ts';
export { forwardProxy, type ForwardProxyOptions } from './forwardProxy.ts';
export { form } from './forms.ts';
export { multipart, type Part } from './multipart.ts';
export { MultipartMachine, type MultipartEvent, type MultipartLimits } from './MultipartMachine.ts';
export { reverseProxy, type ReverseProxyOptions } from './reverseProxy.ts';
export { requestTimeout } from './requestTimeout.ts';
