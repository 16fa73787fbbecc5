import { createRoute, lazyRouteComponent, type AnyRootRoute } from "@tanstack/react-router";

const pages = () => import("./pages");

/** The pages of courses. Fetched when they are first opened. */
export function courseRoutes<R extends AnyRootRoute>(root: R) {
  const getParentRoute = () => root;
  return [
    createRoute({ getParentRoute, path: "/courses", component: lazyRouteComponent(pages, "Courses") }),
    createRoute({ getParentRoute, path: "/courses/$courseId", component: lazyRouteComponent(pages, "CourseAssignments") }),
    createRoute({ getParentRoute, path: "/courses/$courseId/members", component: lazyRouteComponent(pages, "CourseMembers") }),
    createRoute({ getParentRoute, path: "/courses/$courseId/exams", component: lazyRouteComponent(pages, "CourseExams") }),
    createRoute({ getParentRoute, path: "/courses/$courseId/settings", component: lazyRouteComponent(pages, "CourseSettingsPage") }),
    createRoute({ getParentRoute, path: "/assignments/$assignmentId", component: lazyRouteComponent(pages, "AssignmentPage") }),
    createRoute({ getParentRoute, path: "/assignments/$assignmentId/tests", component: lazyRouteComponent(pages, "AssignmentTests") }),
  ] as const;
}
