// Which page stands at which address. Each page is loaded when it is opened.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Loading } from './part/State'
import { Broken, Lost } from './shell/Lost'
import { Root } from './shell/Root'

type Raw = Record<string, unknown>
const text = (raw: Raw, key: string) => (raw[key] === undefined || raw[key] === '' ? undefined : String(raw[key]))
/** Keeps only the named parameters of an address, as text. */
function only<const K extends string>(...keys: K[]) {
  return (raw: Raw) => Object.fromEntries(keys.map((key) => [key, text(raw, key)])) as { [key in K]?: string }
}

const root = createRootRoute({ component: Root, notFoundComponent: Lost })
const at = { getParentRoute: () => root }

const routes = [
  createRoute({
    ...at,
    path: '/',
    component: lazyRouteComponent(() => import('./page/overview/Overview'), 'Overview'),
  }),
  createRoute({
    ...at,
    path: '/devices',
    validateSearch: only('q', 'sort', 'columns', 'view'),
    component: lazyRouteComponent(() => import('./page/devices/Devices'), 'Devices'),
  }),
  createRoute({
    ...at,
    path: '/devices/$id',
    validateSearch: only('tab', 'why'),
    component: lazyRouteComponent(() => import('./page/device/Device'), 'Device'),
  }),
  createRoute({
    ...at,
    path: '/findings',
    validateSearch: only('by', 'severity', 'kind', 'treatment', 'site', 'text', 'topic', 'unsure'),
    component: lazyRouteComponent(() => import('./page/findings/Findings'), 'Findings'),
  }),
  createRoute({
    ...at,
    path: '/map',
    validateSearch: only('q', 'group', 'since', 'as'),
    component: lazyRouteComponent(() => import('./page/map/Map'), 'TrafficMap'),
  }),
  createRoute({
    ...at,
    path: '/places',
    validateSearch: only('place'),
    component: lazyRouteComponent(() => import('./page/places/Places'), 'Places'),
  }),
  createRoute({
    ...at,
    path: '/use',
    validateSearch: only('q', 'group', 'days', 'order'),
    component: lazyRouteComponent(() => import('./page/use/Use'), 'Use'),
  }),
  createRoute({
    ...at,
    path: '/changes',
    validateSearch: only('site', 'kind', 'severity', 'days'),
    component: lazyRouteComponent(() => import('./page/changes/Changes'), 'Changes'),
  }),
  createRoute({
    ...at,
    path: '/sensors',
    component: lazyRouteComponent(() => import('./page/sensors/Sensors'), 'Sensors'),
  }),
  createRoute({
    ...at,
    path: '/settings',
    validateSearch: only('part'),
    component: lazyRouteComponent(() => import('./page/settings/Settings'), 'Settings'),
  }),
  createRoute({
    ...at,
    path: '/audit',
    validateSearch: only('text'),
    component: lazyRouteComponent(() => import('./page/audit/Audit'), 'Audit'),
  }),
] as const

const tree = root.addChildren(routes)

// Addresses keep searches readable: q=vendor:BD, not JSON.
const parseSearch = (search: string) => Object.fromEntries(new URLSearchParams(search))
const stringifySearch = (search: Record<string, unknown>) => {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(search))
    if (value !== undefined && value !== '') params.set(key, String(value))
  const written = params.toString()
  return written ? `?${written}` : ''
}

export function makeRouter() {
  return createRouter({
    routeTree: tree,
    defaultPreload: 'intent',
    defaultPendingComponent: Loading,
    defaultErrorComponent: Broken,
    scrollRestoration: true,
    parseSearch,
    stringifySearch,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
