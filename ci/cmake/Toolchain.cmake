# One place for what every target is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "Crashlab needs g++ 12 or newer, found ${CMAKE_CXX_COMPILER_VERSION}.")
endif()

find_program(CRASHLAB_CCACHE ccache)
if(CRASHLAB_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CRASHLAB_CCACHE})
endif()

# Compiles into every target of this project and into nothing that links to it.
add_library(crashlab_options INTERFACE)
target_include_directories(crashlab_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
target_compile_options(crashlab_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wconversion
  -Wno-sign-conversion -Wimplicit-fallthrough -Wundef)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Reports "literal" + std::string as overlapping: https://gcc.gnu.org/PR105651, fixed in 13.
  target_compile_options(crashlab_options INTERFACE -Wno-restrict)
endif()
if(CRASHLAB_WERROR)
  target_compile_options(crashlab_options INTERFACE -Werror)
endif()
if(CRASHLAB_SANITIZE)
  # For everything, tests' main and dependencies' headers included.
  add_compile_options(-fsanitize=${CRASHLAB_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CRASHLAB_SANITIZE})
  if(CRASHLAB_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()

# crashlab_library(NAME name SOURCES … PUBLIC … PRIVATE …): a static library of this project.
function(crashlab_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${ARG_NAME} STATIC ${ARG_SOURCES})
  add_library(crashlab::${ARG_NAME} ALIAS ${ARG_NAME})
  target_include_directories(${ARG_NAME} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/crashlab>)
  target_compile_features(${ARG_NAME} PUBLIC cxx_std_20)  # for those who use the package
  target_link_libraries(${ARG_NAME} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE}
                        $<BUILD_INTERFACE:crashlab_options>)
  set_property(GLOBAL APPEND PROPERTY CRASHLAB_LIBRARIES ${ARG_NAME})
endfunction()
