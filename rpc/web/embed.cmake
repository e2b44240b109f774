# Makes OUTPUT, the C++ that holds the files of FOLDER: see rpc/web_files.hpp. Run by the build.
file(GLOB_RECURSE paths RELATIVE ${FOLDER}
  ${FOLDER}/*.html ${FOLDER}/*.css ${FOLDER}/*.svg ${FOLDER}/*.js)
list(SORT paths)
set(rows "")
foreach(path ${paths})
  file(READ ${FOLDER}/${path} text)
  if(text MATCHES "\\)aitbc\"")
    message(FATAL_ERROR "${path}: it holds the end mark of the literal that it is put into")
  endif()
  string(APPEND rows "    {\"${path}\",\n     R\"aitbc(${text})aitbc\"},\n")
endforeach()
file(WRITE ${OUTPUT}.new "#include \"rpc/web_files.hpp\"

namespace aitbc::rpc {

namespace {

constexpr WebFile files[] = {
${rows}};

}  // namespace

std::span<const WebFile> web_files() { return files; }

}  // namespace aitbc::rpc
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
