import { createRoute, lazyRouteComponent, redirect, type AnyRootRoute } from "@tanstack/react-router";
import { safeReturnPath } from "@/shared/me/returnPath";

interface SignInSearch {
  next?: string;
  error?: string;
}

/** The pages about people and what they share. Fetched when they are first opened. */
export function peopleRoutes<R extends AnyRootRoute>(root: R) {
  const getParentRoute = () => root;
  return [
    createRoute({
      getParentRoute,
      path: "/sign-in",
      validateSearch: (search: Record<string, unknown>): SignInSearch => ({
        ...(search["next"] === undefined ? {} : { next: safeReturnPath(search["next"]) }),
        ...(typeof search["error"] === "string" ? { error: search["error"] } : {}),
      }),
      component: lazyRouteComponent(() => import("./SignIn"), "SignIn"),
    }),
    createRoute({ getParentRoute, path: "/join", component: lazyRouteComponent(() => import("./Join"), "Join") }),
    createRoute({ getParentRoute, path: "/share", component: lazyRouteComponent(() => import("./Accept"), "Accept") }),
    createRoute({ getParentRoute, path: "/account", component: lazyRouteComponent(() => import("./Account"), "Account") }),
    createRoute({
      getParentRoute,
      path: "/admin",
      beforeLoad: () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router is told
        throw redirect({ to: "/admin/people" });
      },
    }),
    createRoute({ getParentRoute, path: "/admin/people", component: lazyRouteComponent(() => import("./Administration"), "AdminPeople") }),
    createRoute({ getParentRoute, path: "/admin/sandboxes", component: lazyRouteComponent(() => import("./Administration"), "AdminSandboxes") }),
    createRoute({ getParentRoute, path: "/admin/allowances", component: lazyRouteComponent(() => import("./Administration"), "AdminAllowances") }),
    createRoute({ getParentRoute, path: "/admin/audit", component: lazyRouteComponent(() => import("./Administration"), "AdminAudit") }),
    createRoute({ getParentRoute, path: "/admin/settings", component: lazyRouteComponent(() => import("./Administration"), "AdminSettings") }),
  ] as const;
}
